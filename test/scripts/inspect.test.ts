import { chmodSync, chownSync, mkdirSync, realpathSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseInspect } from '../../src/fleet/read/parse-inspect.js'
import { inspect } from '../../src/scripts/read/inspect.js'
import { hold, lock } from '../../src/scripts/transaction/lock.js'
import { abandon } from '../../src/scripts/transaction/mark-bad.js'
import { restore } from '../../src/scripts/transaction/swap.js'
import type { HostState } from '../../src/state/host-state.js'
import { inDoubt } from '../../src/state/preflight.js'
import { type FileText, inodes, writeFiles } from '../support/files.js'
import { folder, place, type RunOptions, run, type Shell, shells, shellsOnPath } from '../support/scripts.js'
import { armed, locked, newId, oldId, staged, swapped } from './staged.js'

const digests = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`] as const
const tree = 'abc0'.repeat(16)

function parsed(text: string | Buffer): HostState {
  const state = parseInspect('web-1', Buffer.from(text as string, 'latin1'))
  if (state === null) throw new Error('it is not understood')
  return state
}

async function stateOf(root: string, shell: Shell, shared: readonly string[] = [], options: RunOptions = {}) {
  const { code, stdout, stderr } = await run(inspect(root, shared), shell, options)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return parsed(stdout)
}

const release = 'releases/20260101-000000-0000000/file'
const currents: readonly (readonly [string, Readonly<Record<string, FileText>>, HostState['current']])[] = [
  ['absent', {}, { kind: 'absent' }],
  [
    'a link to a release',
    { [release]: '', current: { link: `releases/${oldId}` } },
    { kind: 'link', target: `releases/${oldId}`, resolves: true, release: oldId },
  ],
  [
    'an absolute link, as Capistrano makes it',
    { [release]: '', current: { link: `ROOT/releases/${oldId}` } },
    { kind: 'link', target: `ROOT/releases/${oldId}`, resolves: true, release: oldId },
  ],
  [
    'a link to a release that is gone',
    { current: { link: `releases/${oldId}` } },
    { kind: 'link', target: `releases/${oldId}`, resolves: false, release: oldId },
  ],
  [
    'a link to nowhere',
    { current: { link: 'nowhere' } },
    { kind: 'link', target: 'nowhere', resolves: false, release: null },
  ],
  [
    'a link out of releases',
    { 'other/x': '', current: { link: 'other' } },
    { kind: 'link', target: 'other', resolves: true, release: null },
  ],
  [
    'a link into a release',
    { [release]: '', 'releases/a/web/x': '', current: { link: 'releases/a/web' } },
    { kind: 'link', target: 'releases/a/web', resolves: true, release: null },
  ],
  [
    'a link to nowhere in a release',
    { current: { link: 'releases/a/web' } },
    { kind: 'link', target: 'releases/a/web', resolves: false, release: null },
  ],
  [
    'a link to a folder of an odd name',
    { 'releases/my own  one/x': '', current: { link: 'releases/my own  one' } },
    { kind: 'link', target: 'releases/my own  one', resolves: true, release: null },
  ],
  [
    'a link with newlines',
    { current: { link: 'a\nb\n' } },
    { kind: 'link', target: 'a\nb', resolves: false, release: null },
  ],
  [
    'a link in UTF-8',
    { current: { link: 'é → ü' } },
    { kind: 'link', target: 'é → ü', resolves: false, release: null },
  ],
  ['a folder', { 'current/x': '' }, { kind: 'folder' }],
  ['a file', { current: '' }, { kind: 'other' }],
]

describe.each(shells)('inspect under $name', shell => {
  it.each(currents)('reads a current that is %s', async (_, files, expected) => {
    const root = realpathSync(folder())
    const here = (text: FileText) =>
      typeof text === 'object' && 'link' in text ? { link: text.link.replace('ROOT', root) } : text
    writeFiles(root, Object.fromEntries(Object.entries(files).map(([name, text]) => [name, here(text)])))
    const { current } = await stateOf(root, shell)
    const wanted = expected.kind === 'link' ? { ...expected, target: expected.target.replace('ROOT', root) } : expected
    expect(current).toEqual(wanted)
  })

  it('says what a release of another tool has from shared/, and nothing else that it links', async () => {
    const root = realpathSync(folder())
    writeFiles(root, {
      'shared/.env': '',
      'shared/uploads/x': '',
      'shared/config/my keys': '',
      'shared/a/b/c': '',
      'releases/1/.env': { link: `${root}/shared/.env` },
      'releases/1/uploads': { link: '../../shared/uploads' },
      'releases/1/config/my keys': { link: `${root}/shared/config/my keys` },
      'releases/1/a/b/c': { link: `${root}/shared/a/b/c` },
      'releases/1/other': { link: '/etc' },
      'releases/1/gone': { link: `${root}/shared/gone` },
      current: { link: `${root}/releases/1` },
    })
    expect((await stateOf(root, shell)).sharedLinks).toEqual([
      { path: '.env', kind: 'file' },
      { path: 'config/my keys', kind: 'file' },
      { path: 'uploads', kind: 'dir' },
    ])
    writeFiles(root, { '.clonedeploy/manifests/1.seal': '{}' })
    expect((await stateOf(root, shell)).sharedLinks).toEqual([])
  })

  it('changes nothing', async () => {
    const { root } = await swapped(shell)
    const before = inodes(root)
    await stateOf(root, shell, ['.env'])
    expect(inodes(root)).toEqual(before)
  })

  it('makes no folder where there is none, and still says what is missing', async () => {
    const parent = folder()
    const root = join(parent, 'srv/shop')
    const state = await stateOf(root, shell, ['.env', 'config/my key'])
    expect(state).toMatchObject({
      root,
      rootKind: 'absent',
      writable: true,
      readOnly: false,
      current: { kind: 'absent' },
      releases: [],
      missing: ['.env', 'config/my key'],
    })
    expect(state.disk.freeKb).toBeGreaterThan(0)
    expect(inodes(parent)).toHaveProperty('.')
    expect(Object.keys(inodes(parent))).toEqual(['.'])
  })

  it.each([
    ['a folder', { 'shop/': '' }, 'shop', 'folder'],
    ['a link to a folder', { 'x/': '', shop: { link: 'x' } }, 'shop', 'folder'],
    ['a file', { shop: '' }, 'shop', 'other'],
    ['a link to nowhere', { shop: { link: 'nowhere' } }, 'shop', 'other'],
    ['below a file', { shop: '' }, 'shop/a/b', 'other'],
    ['absent', {}, 'shop', 'absent'],
    ['absent with its parents', {}, 'a/b/shop', 'absent'],
    ['a folder written with slashes at its end', { 'shop/': '' }, 'shop///', 'folder'],
  ] as const)('says that the folder is %s', async (_, files, name, kind) => {
    const parent = folder()
    writeFiles(parent, files)
    expect((await stateOf(`${parent}/${name}`, shell)).rootKind).toBe(kind)
  })

  it.each([
    ['shop', 'HOME/shop'],
    ['~/shop', 'HOME/shop'],
    ['a/my shop/', 'HOME/a/my shop'],
    ["it's $(here) `x` \\", "HOME/it's $(here) `x` \\"],
  ])('finds %s below the home of the login', async (name, expected) => {
    const home = folder('hôme')
    expect(await stateOf(name, shell, [], { env: { HOME: home } })).toMatchObject({
      home,
      root: expected.replace('HOME', home),
      rootKind: 'absent',
    })
  })

  it('says whether we may write there', async () => {
    const root = folder()
    const nobody = { uid: 65534 }
    expect((await stateOf(root, shell)).writable).toBe(true)
    expect((await stateOf(root, shell, [], nobody)).writable).toBe(false)
    expect((await stateOf(join(root, 'absent'), shell, [], nobody)).writable).toBe(false)
  })

  it.each([
    [0o755, 0o755, []],
    [0o775, 0o770, []],
    [0o757, 0o755, ['folder']],
    [0o1777, 0o755, ['folder']],
    [0o755, 0o777, ['above']],
    [0o755, 0o1777, []],
    [0o777, 0o757, ['folder', 'above']],
  ])('says that a folder of mode %o below one of %o is open to everybody: %j', async (mode, above, open) => {
    const parent = folder()
    const root = join(parent, 'shop')
    mkdirSync(root)
    chmodSync(root, mode)
    chmodSync(parent, above)
    expect((await stateOf(root, shell)).open).toEqual(open)
  })

  it('says so of where the folder is to be made, unless only its owner can take it away there', async () => {
    const parent = folder()
    chmodSync(parent, 0o777)
    expect((await stateOf(`${parent}/a/shop`, shell)).open).toEqual(['folder'])
    chmodSync(parent, 0o1777)
    expect((await stateOf(`${parent}/a/shop`, shell)).open).toEqual([])
  })

  it.each([
    0o700, 0o755, 0o770, 0o702, 0o777,
  ])('believes no records in a folder of others, by its mode %o', async mode => {
    const { root } = await swapped(shell)
    chmodSync(join(root, '.clonedeploy'), mode)
    const { damaged, transactions, lock: seen } = await stateOf(root, shell)
    const isOpen = (mode & 0o022) !== 0
    const why = `may be written by others (mode ${mode.toString(8)}): what it says is not believed`
    expect(damaged).toEqual(isOpen ? [{ file: '.clonedeploy', why }] : [])
    expect(transactions.map(({ id }) => id)).toEqual(isOpen ? [] : ['t1'])
    expect(seen.held).toBe(!isOpen)
  })

  it.skipIf(process.getuid?.() !== 0)('believes the records of its own account and of root alone', async () => {
    const root = folder()
    writeFiles(root, {
      '.clonedeploy/fleet': '{"seq":1,"release":"r","digest":null,"previous":null,"by":"a","at":"b"}\n',
    })
    const seen = async (owner: number, uid: number) => {
      chownSync(join(root, '.clonedeploy'), owner, owner)
      const { damaged, fleet } = await stateOf(root, shell, [], { uid })
      return [damaged.map(({ why }) => why), fleet?.release ?? null]
    }
    const foreign = 'belongs to another account (uid 1234): what it says is not believed'
    expect(await seen(0, 0)).toEqual([[], 'r'])
    expect(await seen(0, 65534)).toEqual([[], 'r'])
    expect(await seen(1234, 1234)).toEqual([[], 'r'])
    expect(await seen(1234, 65534)).toEqual([[foreign], null])
    expect(await seen(1234, 0)).toEqual([[foreign], null])
  })

  it('reads releases, newest first, with seal, tree, reason and revision', async () => {
    const ran = {
      restart: [],
      health: [],
      prepare: [],
      writable: ['é'],
      shared: { dirs: ['é'], files: [] },
      env: { A: 'é' },
      hostEnv: {},
    }
    const root = folder()
    writeFiles(root, {
      'releases/20200101000000/a': '',
      'releases/20260101-000000-aaaaaaa/REVISION': 'c0ffee\n',
      'releases/20260102-000000-bbbbbbb/REVISION': 'decaf',
      'releases/a b/a': '',
      'releases/file': '',
      'releases/link': { link: '20200101000000' },
      '.clonedeploy/manifests/20260101-000000-aaaaaaa.seal': `{"digest":"${digests[0]}","extra":3,"tx":"t1","by":"anna é","at":"2026-01-01T00:00:00Z"}\n\n`,
      '.clonedeploy/manifests/20260102-000000-bbbbbbb.seal': `{"digest":"${digests[1]}","extra":1}\n${tree}\n`,
      '.clonedeploy/manifests/20260101-000000-aaaaaaa.confirmed': '',
      '.clonedeploy/manifests/20260101-000000-aaaaaaa.run': `${JSON.stringify(ran)}\n`,
      '.clonedeploy/bad/20260102-000000-bbbbbbb': 'health: web-2 said "no" \\ é\n',
    })
    const none = {
      digest: null,
      extra: 0,
      tree: null,
      bad: null,
      confirmed: false,
      revision: null,
      run: null,
      tx: null,
      by: null,
      at: null,
    }
    expect((await stateOf(root, shell)).releases).toEqual([
      {
        ...none,
        id: '20260102-000000-bbbbbbb',
        digest: digests[1],
        extra: 1,
        tree,
        bad: 'health: web-2 said "no" \\ é',
        revision: 'decaf',
      },
      {
        ...none,
        id: '20260101-000000-aaaaaaa',
        digest: digests[0],
        extra: 3,
        confirmed: true,
        run: ran,
        tx: 't1',
        revision: 'c0ffee',
        by: 'anna é',
        at: '2026-01-01T00:00:00Z',
      },
      { ...none, id: '20200101000000' },
    ])
  })

  it('reads a free lock, a held one, its age, and one that a person holds', async () => {
    const root = folder()
    const holder = {
      tx: 't1',
      who: 'anna é',
      from: 'laptop',
      command: 'deploy',
      reason: 'it\'s "urgent" \\ $(now)',
      since: '2026-01-01T00:00:00Z',
      app: 'shop',
      stage: 'production',
      process: null,
    }
    expect((await stateOf(root, shell)).lock).toEqual({ epoch: 0, held: false, holder: null, age: null, over: null })
    await run(lock(place(root), JSON.stringify(holder), { unresolved: 'refuse' }), shell)
    const { lock: held } = await stateOf(root, shell)
    expect(held).toEqual({ epoch: 1, held: true, holder, age: held.age, over: null })
    expect(held.age).toBeGreaterThanOrEqual(0)
    expect(held.age).toBeLessThan(10)
    const then = Date.now() / 1000 - 500
    utimesSync(join(root, '.clonedeploy/epochs/1/lease'), then, then)
    expect((await stateOf(root, shell)).lock.age).toBeGreaterThan(490)
    await run(hold(place(root, 't2'), JSON.stringify({ ...holder, tx: 't2' })), shell)
    expect((await stateOf(root, shell)).lock).toEqual({
      epoch: 2,
      held: true,
      holder: { ...holder, tx: 't2' },
      age: 0,
      over: null,
    })
  })

  it('waits for whoever is making a lock to say who it is', async () => {
    const root = folder()
    mkdirSync(join(root, '.clonedeploy/epochs/1'), { recursive: true })
    const reading = stateOf(root, shell)
    await new Promise(resolve => setTimeout(resolve, 150))
    writeFiles(join(root, '.clonedeploy/epochs/1'), { holder: '{"tx":"t1","who":"anna"}\n', tx: 't1\n' })
    expect((await reading).lock.holder).toMatchObject({ tx: 't1', who: 'anna' })
  })

  it('reads a transaction in every state', async () => {
    const tx = {
      id: 't1',
      outcome: null,
      next: newId,
      old: `releases/${oldId}`,
      lease: expect.any(Number),
    }
    expect((await stateOf(await locked(shell), shell)).transactions).toEqual([
      { id: 't1', state: 'prepared', outcome: null, next: null, old: null, lease: null },
    ])
    expect((await stateOf(await staged(shell), shell)).transactions).toEqual([{ ...tx, state: 'prepared' }])
    expect((await stateOf((await swapped(shell)).root, shell)).transactions).toEqual([{ ...tx, state: 'swapped' }])
    expect((await stateOf((await swapped(shell, { old: null })).root, shell)).transactions).toEqual([
      { ...tx, state: 'swapped', old: null },
    ])
    const { root } = await armed(shell)
    expect((await stateOf(root, shell)).transactions).toEqual([{ ...tx, state: 'armed' }])
    rmSync(join(root, '.clonedeploy/tx/t1/stage/go/current'))
    expect((await stateOf(root, shell)).transactions).toEqual([{ ...tx, state: 'swapped' }])
  })

  it('reads how long ago the controller was heard of', async () => {
    const { root } = await swapped(shell)
    const then = Date.now() / 1000 - 500
    utimesSync(join(root, '.clonedeploy/tx/t1/lease'), then, then)
    const [transaction] = (await stateOf(root, shell)).transactions
    expect(transaction?.lease).toBeGreaterThan(490)
    expect(transaction?.lease).toBeLessThan(600)
  })

  it.each([
    ['owed', 'exit 1', 'unserved'],
    ['not owed where there is nothing to restart', '', 'back'],
  ])('says that a restart after the way back is %s', async (_, restart, state) => {
    const { root } = await swapped(shell, { restart })
    await run(restore(place(root), newId), shell)
    expect((await stateOf(root, shell)).transactions).toEqual([
      { id: 't1', state, outcome: 'reverted', next: newId, old: `releases/${oldId}`, lease: null },
    ])
  })

  it('says that nothing is left of a transaction that was put back and ended, whatever is served later', async () => {
    const { root } = await swapped(shell)
    await run(restore(place(root), newId), shell)
    await run(abandon(place(root), { release: newId, bad: null, history: '{}' }), shell)
    rmSync(join(root, 'current'))
    symlinkSync(`releases/${newId}`, join(root, 'current'))
    const state = await stateOf(root, shell)
    expect(state.transactions).toEqual([
      { id: 't1', state: 'prepared', outcome: 'reverted', next: newId, old: `releases/${oldId}`, lease: null },
    ])
    expect(inDoubt(state)).toEqual([])
  })

  it('tells which folder it is, by whatever path, also before it is there', async () => {
    const root = folder()
    const at = async (path: string) => (await stateOf(path, shell)).folder
    mkdirSync(join(root, 'real/shop'), { recursive: true })
    symlinkSync('real', join(root, 'link'))
    for (const [one, other] of [
      ['real/shop', 'link/shop'],
      ['real/new/shop', 'link/new/shop/'],
    ] as const)
      expect(await at(join(root, one))).toBe(await at(join(root, other)))
    const different = ['real', 'real/shop', 'real/new', 'real/new/shop', 'new/shop']
    const found = await Promise.all(different.map(path => at(join(root, path))))
    expect(new Set(found).size).toBe(different.length)
    for (const one of found) expect(one).toMatch(/^[0-9a-f-]{36} \d+ \d+/)
  })

  it('reads the fleet record and the last line of the history', async () => {
    const root = folder()
    const fleet = {
      seq: 7,
      release: newId,
      digest: digests[0],
      previous: oldId,
      by: 'anna',
      at: '2026-01-01T00:00:00Z',
      app: 'shop',
      stage: 'production',
    }
    const last = { at: '2026-01-02T00:00:00Z', by: 'bört', command: 'deploy', release: newId, previous: null }
    writeFiles(root, {
      '.clonedeploy/fleet': `${JSON.stringify(fleet)}\n`,
      '.clonedeploy/history': `{"first":1}\n${JSON.stringify(last)}\n`,
    })
    expect(await stateOf(root, shell)).toMatchObject({ fleet, last })
    writeFiles(root, { '.clonedeploy/fleet': '{"cut', '.clonedeploy/history': '' })
    const damaged = [{ file: '.clonedeploy/fleet', why: 'is no JSON' }]
    expect(await stateOf(root, shell)).toMatchObject({ fleet: null, last: null, damaged })
  })

  it.each([
    '',
    '../../etc\n',
    `${newId} ${oldId}\n`,
  ])('takes a note of what is warm that says %j for a damaged record', async text => {
    const root = folder()
    writeFiles(root, { '.clonedeploy/warm': `${newId}\n` })
    expect(await stateOf(root, shell)).toMatchObject({ warm: newId, damaged: [] })
    writeFiles(root, { '.clonedeploy/warm': text })
    const damaged = [{ file: '.clonedeploy/warm', why: 'names no release' }]
    expect(await stateOf(root, shell)).toMatchObject({ warm: null, damaged })
  })

  it('takes from the history the run that brought what is served: none that was put back, or found it served', async () => {
    const root = folder()
    const line = (day: number, release: string, previous: string, more = {}) =>
      JSON.stringify({ at: `2026-01-0${day}T00:00:00Z`, by: 'bört', command: 'deploy', release, previous, ...more })
    const brought = line(2, newId, oldId, { reason: '"failed":' })
    const failed = line(3, newId, newId, { failed: oldId, reason: 'x' })
    const history = [line(1, oldId, oldId), brought, line(3, newId, newId), failed]
    writeFiles(root, { '.clonedeploy/history': `${history.join('\n')}\n` })
    expect((await stateOf(root, shell)).last).toMatchObject({ at: '2026-01-02T00:00:00Z' })
    writeFiles(root, { '.clonedeploy/history': `${failed}\n` })
    expect((await stateOf(root, shell)).last).toBeNull()
  })

  it('names the shared files that do not exist, and only those', async () => {
    const root = folder()
    writeFiles(root, { 'shared/.env': '', 'shared/it is/\xc3\xa9': '', 'shared/dangling': { link: 'nowhere' } })
    const files = ['.env', 'it is/é', 'it is/ü', 'dangling', "-it's $(x)"]
    expect((await stateOf(root, shell, files)).missing).toEqual(['it is/ü', 'dangling', "-it's $(x)"])
  })

  it('finds its way whatever CDPATH says', async () => {
    const elsewhere = folder()
    mkdirSync(join(elsewhere, 'releases/20990101000000'), { recursive: true })
    symlinkSync('releases/20990101000000', join(elsewhere, 'current'))
    const root = await locked(shell)
    const { current } = await stateOf(root, shell, [], { env: { CDPATH: elsewhere } })
    expect(current).toEqual({ kind: 'link', target: `releases/${oldId}`, resolves: true, release: oldId })
  })

  it('lists the tools that it finds', async () => {
    const { tools } = await stateOf(folder(), shell)
    const needed = [
      'tar',
      'gzip',
      'sha256sum',
      'find',
      'xargs',
      'sed',
      'grep',
      'sort',
      'uniq',
      'stat',
      'readlink',
      'touch',
      'sync',
      'head',
      'dd',
      'df',
    ]
    expect(tools).toEqual(expect.arrayContaining([...needed, 'timeout', 'setsid', 'cp--parents']))
  })
})

describe('what a host printed', () => {
  it('is read past lines that are not ours', () => {
    const text =
      'Welcome to web-1!\n\nroot /srv/shop\nkind folder\nwritable yes\nclock 17\nyou have new mail\ncurrent absent\n'
    expect(parsed(text)).toMatchObject({
      root: '/srv/shop',
      rootKind: 'folder',
      writable: true,
      readOnly: false,
      clock: 17,
      current: { kind: 'absent' },
    })
  })

  it('is read for every line of ours: a file system that is mounted read-only, say', () => {
    expect(parsed('root /srv\nkind folder\nclock 1\nreadonly yes\n').readOnly).toBe(true)
  })

  it.each([
    ['', { freeKb: 0, freeInodes: null, mount: '' }],
    [
      'disk /dev/sda1 100 60 40 60% /mnt/my disk\ninodes /dev/sda1 1000 400 600 40% /mnt/my disk\n',
      { freeKb: 40, freeInodes: 600, mount: '/mnt/my disk' },
    ],
    ['disk btrfs 100 60 40 60% /\ninodes btrfs 0 0 0 - /\n', { freeKb: 40, freeInodes: null, mount: '/' }],
  ])('of %j is this space', (text, disk) => {
    expect(parsed(`root /srv\nkind folder\nclock 1\n${text}`).disk).toEqual(disk)
  })
})

describe.each(shellsOnPath)('inspect under $name, on a host without tools,', shell => {
  it('says which tools are not there', async () => {
    const bare: Shell = { ...shell, path: folder() }
    const { stdout } = await run(inspect('/nowhere', []), bare)
    expect(parsed(stdout).tools).not.toContain('tar')
  })
})
