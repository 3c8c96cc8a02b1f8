import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Artifact } from '../../src/artifact/artifact.js'
import { packContents } from '../../src/artifact/cache/contents.js'
import { packFolder } from '../../src/artifact/pack.js'
import { heal } from '../../src/scripts/prepare/heal.js'
import { seal } from '../../src/scripts/prepare/seal.js'
import type { Unpack } from '../../src/scripts/prepare/unchanged.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { recordDrains } from '../../src/scripts/transaction/balancer-notes.js'
import { keep, recordFleet } from '../../src/scripts/transaction/end-transaction.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { decide } from '../../src/scripts/transaction/settle-transaction.js'
import { confirm, restore } from '../../src/scripts/transaction/swap.js'
import { cool, warm } from '../../src/scripts/transaction/warm.js'
import { fill, nothingShared, type Tree } from '../artifact/folders.js'
import { writeFiles } from '../support/files.js'
import { folder, place, run, type Shell, shellsOnPath, until } from '../support/scripts.js'
import { type StrictDisk, strictDisk, whole } from './disk.js'
import { armed, locked, newId, newTarget, oldId, oldTarget, staged, succeed, swapped } from './staged.js'

const tx = '.clonedeploy/tx/t1'
const all = '-f .'
const before: Tree = { 'same/file': 'same', 'changed/file': 'old', gone: 'old' }
const after: Tree = { ...before, 'changed/file': 'new', 'added/deep/file': 'new', link: '-> same/file', 'empty/': '' }
const shared = { dirs: ['up'], files: [] }

const pack = (tree: Tree): Promise<Artifact> =>
  packFolder({ dir: fill(folder(), tree), include: null, shared: nothingShared, cacheDir: folder() })

/** What is told of paths that begin so. */
function below(files: Readonly<Record<string, string>>, ...starts: readonly string[]) {
  return Object.fromEntries(Object.entries(files).filter(([path]) => starts.some(start => path.startsWith(start))))
}

/** A host that holds a release, all of it on its disk, and to which the next one is brought. */
async function brought(shell: Shell, disk: StrictDisk, how: Partial<Unpack> = {}) {
  const { base = oldId, ...more } = how
  const [one, two] = [await pack(before), await pack(after)]
  const root = folder()
  await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
  const what = { revision: 'c0ffee', shared: nothingShared }
  const first = { ...what, release: oldId, base: null, unchanged: 'copy', digest: one.digest } as const
  await succeed(run(unpack(place(root), first, await one.payload(null, oldId)), shell))
  await succeed(run(seal(place(root), sealing(oldId, one)), shell))
  writeFiles(root, { 'shared/up/': '' })
  disk.keepAll(root)
  const second = { ...what, shared, release: newId, base, unchanged: 'link', digest: two.digest, ...more } as const
  const payload = await two.payload(base === null ? null : one.manifest, newId)
  await succeed(run(unpack(place(root), { ...second, touched: ['tmp/restart.txt'] }, payload), disk.shell))
  return { root, sealed: sealing(newId, two) }
}

/** The same script on a host where so many KiB wait to be written; null: that tells nothing of it. */
function waiting(dirty: number | null, { name, text, input }: Script): Script {
  const file = join(folder(), 'meminfo')
  if (dirty !== null)
    writeFiles(join(file, '..'), { meminfo: `MemFree: 9 kB\nDirty:   ${dirty} kB\nWriteback:  0 kB\n` })
  expect(text).toContain('/proc/meminfo')
  return new Script(name, text.replaceAll('/proc/meminfo', file), input)
}

/** Two files that arrive, and five folders. */
const few = 7 * 512
const many = 64 * 512

function sealing(release: string, { digest }: Artifact, hooked = false) {
  return { release, record: JSON.stringify({ digest }), run: '{"restart":[]}', hooked }
}

describe.each(shellsOnPath)('what must survive a power cut is flushed under $name', shell => {
  const links = shell.name !== 'busybox'

  /** Everything of the release is on the disk, and its seal nowhere but under another name. */
  async function sealOn(
    disk: StrictDisk,
    { root, sealed }: Awaited<ReturnType<typeof brought>>,
    dirty: number | null = many,
  ) {
    await succeed(run(waiting(dirty, seal(place(root), sealed)), disk.shell))
    const [is, cut] = [whole(root), disk.afterPowerCut(root)]
    const records = ['', '.sheet', '.sealed'].map(end => `.clonedeploy/manifests/${newId}${end}`)
    expect(below(cut, newTarget)).toEqual(below(is, newTarget))
    expect(Object.keys(below(cut, newTarget))).toContain(`${newTarget}/added/deep/file`)
    expect(records.map(path => cut[path])).toEqual(records.map(path => is[path]))
    expect(cut).not.toHaveProperty([`.clonedeploy/manifests/${newId}.seal`])
    const names = disk.afterPowerCut(root, 'names')
    expect(below(names, '.clonedeploy/manifests')).toEqual(below(is, '.clonedeploy/manifests'))
  }

  it('a release whose unchanged files are links, by name, before it is sealed', async () => {
    const disk = strictDisk(shell)
    await sealOn(disk, await brought(shell, disk), few + 1)
    expect(disk.calls).toEqual([links ? expect.stringContaining(`${newTarget}/added/deep/file`) : all])
  })

  it.each([
    ['that comes whole', { base: null }],
    ['whose unchanged files are copies', { unchanged: 'copy' }],
    ['that brings a shared folder', { shared: { dirs: ['up', 'more/of/it'], files: [] } }],
    ['that fills a shared folder', { shared: { ...shared, skeleton: { 'up/begin': 'x' } } }],
  ] as const)('a release %s, with all of its file system', async (_, how) => {
    const disk = strictDisk(shell)
    const host = await brought(shell, disk, how)
    await sealOn(disk, host)
    expect(disk.calls).toEqual([all])
    expect(below(disk.afterPowerCut(host.root), 'shared')).toEqual(below(whole(host.root), 'shared'))
  })

  it.each([
    ['little waits to be written', few],
    ['nobody knows how much does', null],
  ])('a release with all of its file system where %s', async (_, dirty) => {
    const disk = strictDisk(shell)
    await sealOn(disk, await brought(shell, disk), dirty)
    expect(disk.calls).toEqual([all])
  })

  it.each([
    ['cannot flush a folder', 'folders', all],
    ['takes no names', 'names', ''],
  ] as const)('a release on a host whose sync %s, with its file system or all', async (_, refuses, call) => {
    const disk = strictDisk(shell, refuses)
    await sealOn(disk, await brought(shell, disk))
    expect(disk.calls).toEqual([call])
  })

  it.each([
    ['by name', many],
    ['with its file system', few],
  ])('all that a swap and the way back need, before the swap can be: %s', async (_, dirty) => {
    const disk = strictDisk(shell)
    const root = folder()
    writeFiles(root, { [`${oldTarget}/file`]: 'old', [`${newTarget}/file`]: 'new', current: { link: oldTarget } })
    disk.keepAll(root)
    await succeed(run(lock(place(root), '{"tx":"t1"}', { unresolved: 'refuse' }), disk.shell))
    writeFiles(root, { [`.clonedeploy/manifests/${newId}.seal`]: '' })
    const laid = layLinks(place(root), newId, oldTarget, Buffer.from('true'), 'put back')
    await succeed(run(waiting(dirty, laid), disk.shell))
    expect(disk.afterPowerCut(root)).toEqual(whole(root))
    expect(disk.afterPowerCut(root)[`${tx}/restart`]).toContain('true')
    expect(disk.calls).toEqual([dirty === few ? all : expect.not.stringContaining('-f')])
  })

  it('the link of a port and the note of what is warm, before it is started', async () => {
    const disk = strictDisk(shell)
    const root = await locked(shell)
    disk.keepAll(root)
    const wait = `touch started; until [ -e go ]; do sleep 0.05; done`
    const starting = run(warm(place(root), newId, { folder: '.', run: wait, timeout: 60 }, {}, 3002), disk.shell)
    await until(() => existsSync(join(root, 'started')), 'it is started')
    const cut = disk.afterPowerCut(root)
    expect([cut['ports/3002'], cut['.clonedeploy/warm']]).toEqual([`-> ../${newTarget}`, `${newId}\n`])
    writeFiles(root, { go: '' })
    await succeed(starting)
    expect(disk.calls).toEqual([expect.not.stringContaining('-f')])
  })

  it('that a port has no link any more, before the note of what is warm goes', async () => {
    const disk = strictDisk(shell)
    const root = await locked(shell)
    const nothing = { folder: '.', run: 'true', timeout: 60 }
    await succeed(run(warm(place(root), newId, nothing, {}, 3002), shell))
    disk.keepAll(root)
    await succeed(run(cool(place(root), nothing, {}, true, 3002), disk.shell))
    expect(existsSync(join(root, '.clonedeploy/warm'))).toBe(false)
    expect(disk.afterPowerCut(root)).not.toHaveProperty(['ports/3002'])
  })

  it.each(['the word', 'SFTP'])('a swap by %s, before it is said to be flushed', async by => {
    const disk = strictDisk(shell)
    const { root, waiting } = await armed(disk.shell)
    disk.keepAll(root)
    if (by === 'SFTP') renameSync(join(root, tx, 'stage/go/current'), join(root, 'current'))
    waiting.send('go t1')
    for (const line of ['renamed', `swapped ${newTarget}`, 'flushed']) expect(await waiting.line()).toBe(line)
    expect(disk.afterPowerCut(root)).toEqual(whole(root))
    expect(disk.afterPowerCut(root).current).toBe(`-> ${newTarget}`)
    waiting.send('end')
  })

  it('the way back, before it is said', async () => {
    const disk = strictDisk(shell)
    const { root } = await swapped(shell, { bad: 'put back' })
    disk.keepAll(root)
    await succeed(run(restore(place(root), newId), disk.shell))
    expect(disk.afterPowerCut(root)).toEqual(whole(root))
    expect(disk.afterPowerCut(root).current).toBe(`-> ${oldTarget}`)
    expect(disk.calls).toEqual([expect.not.stringContaining('-f')])
  })

  it('the way back of the dead-man’s switch, before it restarts', async () => {
    const disk = strictDisk(shell)
    const restart = (root: string) => Buffer.from(`: >'${root}/restarted'`)
    const { root, waiting } = await armed(disk.shell, { lease: 1, restart })
    waiting.send('go t1')
    await until(() => existsSync(join(root, 'restarted')), 'the switch restarts')
    const cut = disk.afterPowerCut(root)
    expect([cut.current, cut[`${tx}/outcome.reverted`], cut[`${tx}/undecided`]]).toEqual([
      `-> ${oldTarget}`,
      '',
      undefined,
    ])
    expect(disk.calls.at(-1)).not.toContain('-f')
  })

  it.each([null, '{"seq":1}'])('a confirmation, with the record %s of the fleet', async record => {
    const disk = strictDisk(shell)
    const { root } = await swapped(shell)
    writeFiles(root, { [`.clonedeploy/bad/${newId}`]: 'not confirmed' })
    disk.keepAll(root)
    await succeed(run(confirm(place(root), newId, record), disk.shell))
    expect(disk.afterPowerCut(root)).toEqual(whole(root))
    expect(disk.afterPowerCut(root)).toHaveProperty([`${tx}/outcome.confirmed`])
    expect(disk.calls).toEqual([expect.not.stringContaining('-f')])
  })

  it.each(['confirmed', 'reverted'] as const)('the decision about a swap that a dead run left: %s', async outcome => {
    const disk = strictDisk(shell)
    const root = await staged(shell)
    disk.keepAll(root)
    await succeed(run(decide(place(root), outcome), disk.shell))
    expect(disk.afterPowerCut(root)).toEqual(whole(root))
    expect(disk.afterPowerCut(root)).toHaveProperty([`${tx}/outcome.${outcome}`])
    expect(disk.calls).toEqual([expect.not.stringContaining('-f')])
  })

  it.each([
    ['of the fleet', recordFleet, 'fleet'],
    ['of what a run has drained', recordDrains, 'drained'],
  ] as const)('the record %s', async (_, record, file) => {
    const disk = strictDisk(shell)
    const root = await locked(shell)
    disk.keepAll(root)
    await succeed(run(record(place(root), '{}'), disk.shell))
    expect(disk.afterPowerCut(root)).toEqual(whole(root))
    expect(disk.afterPowerCut(root)[`.clonedeploy/${file}`]).toBe('{}\n')
  })

  it('an earlier release that was brought, before it is kept', async () => {
    const disk = strictDisk(shell)
    const root = await locked(shell, { files: {} })
    writeFiles(root, { [`${tx}/made`]: `${newId}\n` })
    disk.keepAll(root)
    await succeed(run(keep(place(root), newId), disk.shell))
    expect(disk.afterPowerCut(root)).toEqual({ ...whole(root), [`${tx}/made`]: `${newId}\n` })
    expect(whole(root)).not.toHaveProperty([`${tx}/made`])
  })

  it('a copy of a release that was made whole, before and after it is in its place', async () => {
    const disk = strictDisk(shell)
    const { root, sealed } = await brought(shell, disk)
    await succeed(run(seal(place(root), sealed), shell))
    disk.keepAll(root)
    await succeed(run(heal(place(root), newId, ['up'], await packContents(new Map())), disk.shell))
    const [is, cut] = [whole(root), disk.afterPowerCut(root)]
    const places = ['releases', `.clonedeploy/manifests`, `${tx}/aside`]
    expect(below(cut, ...places)).toEqual(below(is, ...places))
    expect(cut).toHaveProperty([`${tx}/aside/${newId}/REVISION`])
    expect(disk.calls).toEqual([all, expect.not.stringContaining('-f')])
  })
})
