import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { discard } from '../../src/scripts/transaction/end-transaction.js'
import { breakLock, endLock, hold, lock, renew, unlock } from '../../src/scripts/transaction/lock.js'
import { contents, type FileText, writeFiles } from '../support/files.js'
import { busybox, folder, place, run, shells, shellsOnPath } from '../support/scripts.js'
import { recordsOf } from './staged.js'

const refuse = { unresolved: 'refuse' } as const
const keep = { unresolved: 'keep' } as const
const holder = (tx: string) => `{"tx":"${tx}","who":"anna"}`
const take = (root: string, tx: string) => lock(place(root, tx), holder(tx), refuse)

/** The records of a transaction that waits for the word. */
function waits(tx: string, state = 'armed'): Readonly<Record<string, FileText>> {
  const at = `.clonedeploy/tx/${tx}`
  return {
    [`${at}/state.${state}`]: '',
    [`${at}/undecided`]: '',
    [`${at}/stage/go/current`]: { link: 'releases/new' },
  }
}

/** As if nobody had been heard of for so long. */
function age(root: string, epoch: number, seconds: number): void {
  const then = Date.now() / 1000 - seconds
  utimesSync(join(root, `.clonedeploy/epochs/${epoch}/lease`), then, then)
}

describe.each(shells)('lock under $name', shell => {
  it('makes the folder with its parents, and takes the first epoch', async () => {
    const root = join(folder(), 'srv/a shop')
    expect(await run(take(root, 't1'), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readdirSync(join(root, '.clonedeploy/epochs'))).toEqual(['1'])
    expect(readFileSync(join(root, '.clonedeploy/epochs/1/tx'), 'utf8')).toBe('t1\n')
    expect(readFileSync(join(root, '.clonedeploy/epochs/1/holder'), 'utf8')).toBe(`${holder('t1')}\n`)
    expect(contents(root)['./.clonedeploy']).toBe('folder 700')
    expect(contents(root)['.']).toBe('folder 755')
    expect(readdirSync(root)).toEqual(['.clonedeploy'])
  })

  it.each(['08', '010', '1234567890123456789'])('takes a folder named %s for no epoch', async name => {
    const root = folder()
    writeFiles(root, { [`.clonedeploy/epochs/${name}/tx`]: 't0\n' })
    expect(await run(take(root, 't1'), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(root, '.clonedeploy/epochs/1/tx'), 'utf8')).toBe('t1\n')
  })

  it('is refused with the record of who holds it', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    expect(await run(take(root, 't2'), shell)).toEqual({ code: 75, stdout: `${holder('t1')}\n`, stderr: '' })
  })

  it('goes to the next one when it was given back', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    await run(unlock(place(root, 't1')), shell)
    expect(await run(take(root, 't2'), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readdirSync(join(root, '.clonedeploy/epochs'))).toEqual(['2'])
  })

  it.each([
    [50, 75],
    [70, 0],
    [-50, 75],
    [-3600, 0],
  ])('whose holder was heard of %i s ago answers %i', async (seconds, code) => {
    const root = folder()
    await run(take(root, 't1'), shell)
    age(root, 1, seconds)
    const result = await run(take(root, 't2'), shell)
    expect(result).toMatchObject({ code, stdout: code === 0 ? 'took over\n' : `${holder('t1')}\n` })
  })

  it('goes at once to who knows that its holder is over, and to nobody who means another', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    const knowing = (over: string) => lock(place(root, 't2'), holder('t2'), { ...refuse, over })
    expect((await run(knowing('t0'), shell)).code).toBe(75)
    expect(await run(knowing('t1'), shell)).toEqual({ code: 0, stdout: 'took over\n', stderr: '' })
  })

  it('whose run said that it needs a repair goes to a repair alone, however old it is', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    expect(await run(endLock(place(root, 't1'), 'web-3 was lost'), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    age(root, 1, 3600)
    expect((await run(take(root, 't2'), shell)).code).toBe(75)
    expect((await run(lock(place(root, 't2'), holder('t2'), { ...keep, over: 't1' }), shell)).code).toBe(0)
  })

  it('lets a swap of a dead run that slept wake up to nothing, also while it is being taken', async () => {
    const root = folder()
    writeFiles(root, { 'releases/old/a': '', 'releases/new/a': '', current: { link: 'releases/old' }, ...waits('t1') })
    const real = (name: string) => (shell.name === 'busybox' ? `/usr/bin/busybox ${name}` : `/usr/bin/${name}`)
    // The sleeper wakes just before the lock sweeps what it left: the probe's link is made then.
    const wakes = `#!/bin/sh
[ "$1 $2" != '-s probe' ] || ${real('mv')} -f .clonedeploy/tx/t1/stage/go/current ./
exec ${real('ln')} "$@"
`
    const slow = folder()
    writeFiles(slow, { ln: { mode: 0o755, text: wakes } })
    const woken = await run(take(root, 't2'), { ...shell, path: `${slow}:${shell.path}` })
    expect(woken.code).toBe(0)
    expect(readlinkSync(join(root, 'current'))).toBe('releases/old')
  })

  it('of a person never grows old, and ends only by unlock', async () => {
    const root = folder()
    expect(await run(hold(place(root, 't1'), holder('t1')), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    age(root, 1, 1_000_000)
    expect((await run(take(root, 't2'), shell)).code).toBe(75)
    expect((await run(breakLock(place(root, 't1')), shell)).code).toBe(0)
    expect((await run(take(root, 't2'), shell)).code).toBe(0)
  })

  it('that a person cannot have is not marked as held by one', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    expect((await run(hold(place(root, 't2'), holder('t2')), shell)).code).toBe(75)
    expect(existsSync(join(root, '.clonedeploy/epochs/1/held'))).toBe(false)
  })

  it('knows its own transaction again: two hosts share a folder', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    const { code, stdout } = await run(take(root, 't1'), shell)
    expect([code, stdout]).toEqual([80, `${holder('t1')}\n${root}\n`])
  })

  it('goes to exactly one of twenty that ask at once', async () => {
    const root = folder()
    const all = Array.from({ length: 20 }, (_, i) => run(take(root, `t${i}`), shell))
    const codes = (await Promise.all(all)).map(({ code }) => code)
    expect(codes.filter(code => code === 0)).toHaveLength(1)
    expect(codes.filter(code => code === 75)).toHaveLength(19)
  })

  it('goes to exactly one of twenty that would take over a dead one', async () => {
    const root = folder()
    await run(take(root, 'dead'), shell)
    age(root, 1, 100)
    const all = Array.from({ length: 20 }, (_, i) => run(take(root, `t${i}`), shell))
    const codes = (await Promise.all(all)).map(({ code }) => code)
    expect(codes.filter(code => code === 0)).toHaveLength(1)
    expect(codes.filter(code => code === 75)).toHaveLength(19)
  })

  it.each([
    ['discard', discard],
    ['unlock', unlock],
    ['breakLock', breakLock],
  ])('given back by %s takes the trial of a rename along that a host died over', async (_, giveBack) => {
    const root = folder()
    await run(take(root, 't1'), shell)
    writeFiles(root, { '.clonedeploy-probe': { link: 'probe' } })
    expect((await run(giveBack(place(root, 't1')), shell)).code).toBe(0)
    expect(readdirSync(root)).toEqual(['.clonedeploy'])
  })

  it.each([
    ['recorded', 'swapped'],
    ['renamed', 'armed'],
  ])('is refused while a dead run has %s its swap, and touches nothing', async (_, state) => {
    const root = folder()
    writeFiles(root, { [`.clonedeploy/tx/dead/state.${state}`]: '', '.clonedeploy/tx/dead/undecided': '' })
    expect(await run(take(root, 't1'), shell)).toEqual({ code: 85, stdout: '', stderr: '' })
    expect(readdirSync(join(root, '.clonedeploy/epochs'))).toEqual([])
    expect((await run(lock(place(root, 't1'), holder('t1'), keep), shell)).code).toBe(0)
    expect(readdirSync(join(root, '.clonedeploy/tx/dead')).sort()).toEqual([`state.${state}`, 'undecided'])
  })

  it('that goes to another leaves the swap of a dead run no way forward', async () => {
    const root = folder()
    writeFiles(root, waits('dead'))
    expect((await run(take(root, 't1'), shell)).code).toBe(0)
    expect(existsSync(join(root, '.clonedeploy/tx/dead'))).toBe(false)
  })

  it('does not disarm anybody when it is refused', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    writeFiles(root, waits('t1'))
    expect((await run(take(root, 't2'), shell)).code).toBe(75)
    expect(existsSync(join(root, '.clonedeploy/tx/t1/state.armed'))).toBe(true)
    expect(readlinkSync(join(root, '.clonedeploy/tx/t1/stage/go/current'))).toBe('releases/new')
  })

  it('sweeps what dead runs left: uploads, records, unfinished releases', async () => {
    const root = folder()
    writeFiles(root, {
      '.clonedeploy/incoming/dead/tree/a': 'a',
      '.clonedeploy/tx/dead/made': '20260101-000000-unsealed\n',
      '.clonedeploy/tx/sealed/made': '20260102-000000-sealed\n',
      '.clonedeploy/tx/done/outcome.confirmed': '',
      '.clonedeploy/tx/back/outcome.reverted': '',
      '.clonedeploy/tx/back/restart': '',
      '.clonedeploy/manifests/20260101-000000-unsealed': '',
      '.clonedeploy/manifests/20260102-000000-sealed.seal': '{}\n\n',
      'releases/20260101-000000-unsealed/a': 'a',
      'releases/20260102-000000-sealed/a': 'a',
      'releases/20200101000000/a': 'a',
    })
    expect((await run(take(root, 't1'), shell)).code).toBe(0)
    expect(readdirSync(join(root, 'releases'))).toEqual(['20200101000000', '20260102-000000-sealed'])
    expect(readdirSync(join(root, '.clonedeploy/tx'))).toEqual(['t1'])
    expect(readdirSync(join(root, '.clonedeploy/incoming'))).toEqual([])
  })

  it.each([
    [
      'refuses where a host that decided to go back has not',
      'releases/old',
      'releases/new',
      { current: { link: '../old' } },
      85,
    ],
    [
      'refuses where its way back was set aside',
      'releases/old',
      'releases/new',
      { 'aside.current': { link: '../old' } },
      85,
    ],
    ['refuses where a host that decided to go back to nothing has not', '', 'releases/new', { absent: '' }, 85],
    ['sweeps what a host has ended that is back', 'releases/old', 'releases/old', {}, 0],
    [
      'sweeps what a host has ended that is back, and was brought the release since',
      'releases/old',
      'releases/new',
      {},
      0,
    ],
    [
      'sweeps what a host has ended that took part, and served the release before',
      'releases/new',
      'releases/new',
      { current: { link: '../new' } },
      0,
    ],
  ])('%s', async (_, old, current, wayBack, code) => {
    const root = folder()
    writeFiles(root, {
      '.clonedeploy/tx/dead/state.swapped': '',
      '.clonedeploy/tx/dead/outcome.reverted': '',
      '.clonedeploy/tx/dead/stage/go/': '',
      '.clonedeploy/tx/dead/next': 'new\n',
      '.clonedeploy/tx/dead/old': `${old}\n`,
      'releases/old/file': 'old',
      'releases/new/file': 'new',
      current: { link: current },
    })
    writeFiles(join(root, '.clonedeploy/tx/dead/stage/revert'), wayBack)
    expect((await run(take(root, 't1'), shell)).code).toBe(code)
    expect(readdirSync(join(root, '.clonedeploy/tx'))).toEqual(code === 0 ? ['t1'] : ['dead'])
  })

  it('keeps what tells that a host was put back and its app not seen to be restarted', async () => {
    const root = folder()
    writeFiles(root, {
      '.clonedeploy/tx/back/state.swapped': '',
      '.clonedeploy/tx/back/outcome.reverted': '',
      '.clonedeploy/tx/back/restart': 'exit 1\n',
      '.clonedeploy/tx/back/old': 'releases/old\n',
      'releases/old/file': 'old',
      current: { link: 'releases/old' },
    })
    expect((await run(take(root, 't1'), shell)).code).toBe(0)
    expect(readdirSync(join(root, '.clonedeploy/tx'))).toEqual(['back', 't1'])
  })

  it.each([
    'releases/20260101-000000-made',
    'ROOT/releases/20260101-000000-made',
    'releases/20260101-000000-made/web',
  ])('never sweeps the release that is served, when current is %s', async target => {
    const root = folder()
    writeFiles(root, {
      '.clonedeploy/tx/dead/made': '20260101-000000-made\n',
      'releases/20260101-000000-made/web/a': 'a',
      current: { link: target.replace('ROOT', root) },
    })
    expect((await run(take(root, 't1'), shell)).code).toBe(0)
    expect(existsSync(join(root, 'releases/20260101-000000-made/web/a'))).toBe(true)
  })

  it('is given back where no rename is possible', async () => {
    const root = folder()
    mkdirSync(join(root, '.clonedeploy-probe/x'), { recursive: true })
    expect((await run(take(root, 't1'), shell)).code).toBe(84)
    expect((await run(unlock(place(root, 't1')), shell)).code).toBe(79)
    expect((await run(take(root, 't2'), shell)).code).toBe(84)
  })

  it.each(['folder', 'parent'])('says that the %s may not be written', async what => {
    const root = folder()
    const where = what === 'folder' ? root : join(root, 'srv/shop')
    expect((await run(take(where, 't1'), shell, { uid: 65534 })).code).toBe(88)
    expect(readdirSync(root)).toEqual([])
  })

  it.each(['a file', 'a link to nowhere'])('says that the folder is %s', async what => {
    const root = join(folder(), 'shop')
    if (what === 'a file') writeFileSync(root, '')
    else symlinkSync('nowhere/at all', root)
    expect((await run(take(root, 't1'), shell)).code).toBe(88)
  })
})

describe.each(shellsOnPath)('a lock under $name', shell => {
  it('is not taken from another that made the same epoch a moment before', async () => {
    const [root, bin] = [folder(), folder()]
    const real = shell.name === 'busybox' ? `${busybox} mkdir` : '/usr/bin/mkdir'
    const text = `#!/bin/sh
case "$*" in *epochs/1) ${real} "$@"; echo t2 >.clonedeploy/epochs/1/tx; echo '${holder('t2')}' >.clonedeploy/epochs/1/holder ;; esac
exec ${real} "$@"
`
    writeFiles(bin, { mkdir: { mode: 0o755, text } })
    const refused = await run(take(root, 't1'), { ...shell, path: `${bin}:${shell.path}` })
    expect(refused).toEqual({ code: 75, stdout: `${holder('t2')}\n`, stderr: '' })
    expect(readFileSync(join(root, '.clonedeploy/epochs/1/tx'), 'utf8')).toBe('t2\n')
  })
})

describe.each(shells)('a lock under $name', shell => {
  it('stays young while it is renewed', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    age(root, 1, 70)
    expect(await run(renew(place(root, 't1')), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await run(take(root, 't2'), shell)).code).toBe(75)
  })

  it('cannot be renewed when it was given back or lost', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    await run(unlock(place(root, 't1')), shell)
    expect((await run(renew(place(root, 't1')), shell)).code).toBe(79)
    await run(take(root, 't2'), shell)
    expect((await run(renew(place(root, 't1')), shell)).code).toBe(79)
  })

  it('that is given back leaves no transaction behind', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    expect((await run(unlock(place(root, 't1')), shell)).code).toBe(0)
    expect(readdirSync(join(root, '.clonedeploy/tx'))).toEqual([])
  })

  it('is given back once; the second time says so and takes nothing from the next holder', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    expect((await run(unlock(place(root, 't1')), shell)).code).toBe(0)
    expect((await run(unlock(place(root, 't1')), shell)).code).toBe(79)
    await run(take(root, 't2'), shell)
    expect((await run(unlock(place(root, 't1')), shell)).code).toBe(79)
    expect((await run(take(root, 't3'), shell)).code).toBe(75)
  })

  it('is broken only for the transaction that was seen', async () => {
    const root = folder()
    await run(take(root, 't1'), shell)
    expect((await run(breakLock(place(root, 't0')), shell)).code).toBe(79)
    expect((await run(take(root, 't2'), shell)).code).toBe(75)
    expect((await run(breakLock(place(root, 't1')), shell)).code).toBe(0)
    expect((await run(take(root, 't2'), shell)).code).toBe(0)
  })

  it.each(['staged', 'armed'])('of a run that is %s is broken, and its way forward with it', async state => {
    const root = folder()
    await run(take(root, 't1'), shell)
    writeFiles(root, waits('t1', state))
    expect((await run(breakLock(place(root, 't1')), shell)).code).toBe(0)
    expect(recordsOf(root)).toEqual(['state.disarmed', 'undecided'])
    expect(readdirSync(join(root, '.clonedeploy/tx/t1/stage/go'))).toEqual([])
  })

  it.each([
    ['recorded', 'swapped'],
    ['renamed', 'armed'],
  ])('of a run that has %s its swap is kept', async (_, state) => {
    const root = folder()
    await run(take(root, 't1'), shell)
    writeFiles(root, { [`.clonedeploy/tx/t1/state.${state}`]: '', '.clonedeploy/tx/t1/undecided': '' })
    expect((await run(breakLock(place(root, 't1')), shell)).code).toBe(85)
    expect(recordsOf(root)).toEqual([`state.${state}`, 'undecided'])
  })
})

describe.each(shellsOnPath)('a lock under $name, while another program is at work,', shell => {
  it('is lost to another that makes the same epoch a moment before', async () => {
    const [root, bin] = [folder(), folder()]
    const epoch = join(root, '.clonedeploy/epochs/1')
    const other = `mkdir '${epoch}' && echo t2 >'${epoch}/tx' && echo '${holder('t2')}' >'${epoch}/holder'`
    const text = `#!/bin/sh\nPATH='${shell.path}'\ncase "$*" in *epochs/1) ${other} ;; esac\nexec mkdir "$@"\n`
    writeFiles(bin, { mkdir: { mode: 0o755, text } })
    const { code, stdout } = await run(take(root, 't1'), { ...shell, path: `${bin}:${shell.path}` })
    expect({ code, stdout }).toEqual({ code: 75, stdout: `${holder('t2')}\n` })
    expect(readFileSync(join(epoch, 'tx'), 'utf8')).toBe('t2\n')
  })

  it('is lost to another that took over from the dead one while its age was read', async () => {
    const root = folder()
    await run(take(root, 'dead'), shell)
    age(root, 1, 100)
    const epochs = join(root, '.clonedeploy/epochs')
    const other = `cd '${epochs}' && rm -rf 1 && mkdir 2 && echo t2 >2/tx && echo '${holder('t2')}' >2/holder && : >2/lease`
    const real = shell.name === 'busybox' ? '/usr/bin/busybox stat' : '/usr/bin/stat'
    const bin = folder()
    writeFiles(bin, {
      stat: { mode: 0o755, text: `#!/bin/sh\n( [ ! -d '${epochs}/1' ] || { ${other}; } )\nexec ${real} "$@"\n` },
    })
    const { code, stdout } = await run(take(root, 't1'), { ...shell, path: `${bin}:${shell.path}` })
    expect({ code, stdout }).toEqual({ code: 75, stdout: `${holder('t2')}\n` })
    expect(readdirSync(epochs)).toEqual(['2'])
  })

  it('leaves nothing of its trial where the rename is refused', async () => {
    const [root, bin] = [folder(), folder()]
    writeFiles(bin, { mv: { mode: 0o755, text: '#!/bin/sh\nexit 1\n' } })
    const { code } = await run(take(root, 't1'), { ...shell, path: `${bin}:${shell.path}` })
    expect([code, readdirSync(root)]).toEqual([84, ['.clonedeploy']])
    expect(readdirSync(join(root, '.clonedeploy/tx'))).toEqual([])
  })
})
