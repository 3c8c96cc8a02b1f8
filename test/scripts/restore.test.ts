import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { enter } from '../../src/scripts/shell/fence.js'
import { afterwards } from '../../src/scripts/shell/hook.js'
import { Script, sh } from '../../src/scripts/shell/shell.js'
import { restoreFunction } from '../../src/scripts/transaction/dead-mans-switch.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { lock, renew } from '../../src/scripts/transaction/lock.js'
import { confirm, restore } from '../../src/scripts/transaction/swap.js'
import { exhaustively } from '../support/exhaustively.js'
import { writeFiles } from '../support/files.js'
import { signal, switchesIn } from '../support/processes.js'
import { textOf } from '../support/project.js'
import { currentOf, place, run, shells, shellsOnPath, start, until } from '../support/scripts.js'
import { tried } from '../support/tier.js'
import {
  armed,
  armOf,
  heldUp,
  locked,
  newId,
  newTarget,
  oldId,
  oldTarget,
  recordsOf,
  staged,
  succeed,
  swapped,
} from './staged.js'

const back = (root: string) => restore(place(root), newId)
const badOf = (root: string) => textOf(join(root, '.clonedeploy/bad', newId))
/** A shell makes the file before it writes into it. */
const restarted = (root: string) => textOf(join(root, 'restarted')) !== ''
const forward = (root: string) => confirm(place(root), newId)

describe.each(shells)('restore under $name', shell => {
  it('puts current back after the swap, and says so', async () => {
    const { root, waiting } = await swapped(shell)
    expect(await run(back(root), shell)).toEqual({ code: 0, stdout: `current ${oldTarget}\n`, stderr: '' })
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['outcome.reverted', 'state.swapped'])
    waiting.send('end')
  })

  it('takes current away again where nothing was', async () => {
    const { root } = await swapped(shell, { old: null })
    expect((await run(back(root), shell)).stdout).toBe('absent\n')
    expect(currentOf(root)).toBeNull()
  })

  it.each([
    null,
    oldTarget,
    '/srv/elsewhere/releases/20200101000000',
  ])('is the same the second time, when current was %s', async old => {
    const { root } = await swapped(shell, { old })
    const first = await run(back(root), shell)
    expect(await run(back(root), shell)).toEqual(first)
    expect(currentOf(root)).toBe(old)
  })

  it('marks bad what a deploy brought, and not what was there before', async () => {
    const { root } = await swapped(shell, { bad: 'put back' })
    await run(back(root), shell)
    expect(badOf(root)).toBe('put back\n')
    const again = await swapped(shell)
    await run(back(again.root), shell)
    expect(badOf(again.root)).toBe('')
  })

  it('changes nothing of current when nothing was staged', async () => {
    const root = await locked(shell)
    expect(await run(back(root), shell)).toEqual({ code: 0, stdout: `current ${oldTarget}\n`, stderr: '' })
  })

  it('takes the way forward from a host that was only staged', async () => {
    const root = await staged(shell)
    expect((await run(back(root), shell)).code).toBe(0)
    expect((await run(armOf(root), shell)).code).toBe(82)
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('takes the way forward from a host that waits for the word', async () => {
    const { root, waiting } = await armed(shell)
    expect((await run(back(root), shell)).code).toBe(0)
    waiting.send('go t1')
    expect((await waiting.result).code).toBe(82)
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('leaves a current alone that somebody else has set since', async () => {
    const { root } = await swapped(shell)
    unlinkSync(join(root, 'current'))
    symlinkSync('by-hand', join(root, 'current'))
    expect((await run(back(root), shell)).stdout).toBe('current by-hand\n')
    expect(currentOf(root)).toBe('by-hand')
  })

  it('is no more, for a switch that slept since it decided, once another run has staged; a repair still can', async () => {
    const { root } = await swapped(shell, { bad: 'put back', restart: ': >restarted\n' })
    const tx = (name: string) => join(root, '.clonedeploy/tx/t1', name)
    renameSync(tx('undecided'), tx('outcome.reverted'))
    const second = place(root, 't2')
    expect((await run(lock(second, '{"tx":"t2"}', { unresolved: 'keep', over: 't1' }), shell)).code).toBe(0)
    expect((await run(layLinks(second, newId, newTarget, Buffer.alloc(0)), shell)).code).toBe(0)
    const woken = [enter(root).text, 'X=.clonedeploy/tx/t1', restoreFunction(sh`${newTarget}`).text, 'goback']
    expect((await run(new Script('woken', woken.join('\n')), shell)).code).toBe(0)
    expect([currentOf(root), existsSync(join(root, 'restarted')), badOf(root)]).toEqual([newTarget, false, ''])
    const repaired = await run(restore({ ...second, of: 't1' }, newId), shell)
    expect(repaired.stdout).toBe(`current ${oldTarget}\n`)
  })

  it('that slept since its fence takes up no way back that another run has set aside', async () => {
    const { root } = await swapped(shell)
    const second = place(root, 't2')
    expect((await run(lock(second, '{"tx":"t2"}', { unresolved: 'keep', over: 't1' }), shell)).code).toBe(0)
    expect((await run(layLinks(second, newId, newTarget, Buffer.alloc(0)), shell)).code).toBe(0)
    const woken = back(root).text.replace(/^.*\|\| exit '?79'?$/m, '')
    expect(woken).not.toBe(back(root).text)
    await run(new Script('woken', woken), shell)
    expect(currentOf(root)).toBe(newTarget)
  })

  it('stays where the stage of an earlier run wakes up that has passed its fence', async () => {
    const root = await locked(shell)
    const first = layLinks(place(root), newId, oldTarget, Buffer.alloc(0))
    const fence = /^.*\|\| exit '?79'?$/m
    const sleeping = first.text.replace(fence, line => `${line}\n: >asleep; while [ ! -e woken ]; do sleep 0.05; done`)
    const woken = start(new Script('stage', sleeping), shell)
    await until(() => existsSync(join(root, 'asleep')), 'it has passed its fence')
    const second = place(root, 't2')
    await succeed(run(lock(second, '{"tx":"t2"}', { unresolved: 'refuse', over: 't1' }), shell))
    await succeed(run(layLinks(second, newId, oldTarget, Buffer.alloc(0)), shell))
    writeFiles(root, { woken: '' })
    expect((await woken.result).code).toBe(0)
    expect(readdirSync(join(root, '.clonedeploy/tx/t2/stage/revert'))).toContain('current')
  })

  it('is refused by a host that was confirmed', async () => {
    const { root } = await swapped(shell)
    expect((await run(forward(root), shell)).code).toBe(0)
    expect((await run(back(root), shell)).code).toBe(83)
    expect(currentOf(root)).toBe(newTarget)
  })

  it('can be followed by another attempt of the same transaction', async () => {
    const { root } = await swapped(shell)
    await run(back(root), shell)
    expect((await run(layLinks(place(root), newId, oldTarget, Buffer.alloc(0)), shell)).code).toBe(0)
    const again = start(armOf(root), shell)
    expect(await again.line()).toBe('armed')
    again.send('go t1')
    expect(await again.line()).toBe('renamed')
    expect((await run(forward(root), shell)).code).toBe(0)
    expect(recordsOf(root)).toEqual(['outcome.confirmed', 'state.swapped'])
  })
})

describe.each(shells)('confirm under $name', shell => {
  it('decides for the new release, however often it is said', async () => {
    const { root } = await swapped(shell)
    expect(await run(forward(root), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await run(forward(root), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(recordsOf(root)).toEqual(['outcome.confirmed', 'state.swapped'])
  })

  it('says of the release that the fleet confirmed it, and takes back what was said before', async () => {
    const { root } = await swapped(shell, { bad: 'put back' })
    await run(back(root), shell)
    expect(existsSync(join(root, '.clonedeploy/manifests', `${newId}.confirmed`))).toBe(false)
    expect((await run(layLinks(place(root), newId, oldTarget, Buffer.alloc(0), 'put back'), shell)).code).toBe(0)
    const again = start(armOf(root), shell)
    expect(await again.line()).toBe('armed')
    again.send('go t1')
    expect(await again.line()).toBe('renamed')
    expect((await run(forward(root), shell)).code).toBe(0)
    expect(existsSync(join(root, '.clonedeploy/manifests', `${newId}.confirmed`))).toBe(true)
    expect(badOf(root)).toBe('')
  })

  it('is refused by a host that has put itself back', async () => {
    const { root } = await swapped(shell)
    await run(back(root), shell)
    expect((await run(forward(root), shell)).code).toBe(83)
    expect(recordsOf(root)).toEqual(['outcome.reverted', 'state.swapped'])
  })

  it('is refused by a host that was never swapped', async () => {
    const root = await staged(shell)
    expect((await run(forward(root), shell)).code).toBe(78)
    expect(recordsOf(root)).toEqual(['state.staged', 'undecided'])
  })

  it.each(
    tried([3, 20], rounds => rounds === 3),
  )('and restore at the same time, %i times, come to exactly one outcome, which current follows', async rounds => {
    for (let round = 0; round < rounds; round++) {
      const { root } = await swapped(shell)
      const [yes, no] = await Promise.all([run(forward(root), shell), run(back(root), shell)])
      const outcome = recordsOf(root).filter(name => name !== 'state.swapped')
      if (yes.code === 0) {
        expect([no.code, outcome, currentOf(root)]).toEqual([83, ['outcome.confirmed'], newTarget])
      } else {
        expect([0, outcome, currentOf(root)]).toEqual([no.code, ['outcome.reverted'], oldTarget])
      }
    }
  })
})

describe.each(shells)("the dead-man's switch under $name", { concurrent: true }, shell => {
  const restart = `printf '%s\\n' "$(readlink current)" >restarted.new && cat restarted.new >>restarted\n`

  it('puts a host back that nobody renews, and makes it serve the old release', async () => {
    const { root, waiting } = await swapped(shell, { lease: 2, restart })
    await until(() => restarted(root), 'the restart')
    expect(readFileSync(join(root, 'restarted'), 'utf8')).toBe(`${oldTarget}\n`)
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['outcome.reverted', 'state.swapped'])
    expect((await run(forward(root), shell)).code).toBe(83)
    waiting.send('end')
    expect((await waiting.result).code).toBe(0)
  })

  it('takes current away again where nothing was', async () => {
    const { root } = await swapped(shell, { lease: 2, old: null })
    await until(() => currentOf(root) === null, 'current is gone')
    expect(recordsOf(root)).toEqual(['outcome.reverted', 'state.swapped'])
  })

  it('acts after its channel and the shell that waited on it were killed', async () => {
    const { root, waiting } = await swapped(shell, { lease: 2, restart })
    waiting.kill('SIGKILL')
    await until(() => restarted(root), 'the restart')
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('runs the restart once when its channel is lost, however many watch', async () => {
    const { root, waiting } = await swapped(shell, { lease: 2, restart })
    waiting.hangUp()
    expect((await waiting.result).code).toBe(0)
    await until(() => restarted(root), 'the restart')
    expect(readFileSync(join(root, 'restarted'), 'utf8')).toBe(`${oldTarget}\n`)
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('acts without its switch, also when a renewal came in after its channel was lost', async () => {
    const { root, waiting } = await swapped(shell, { lease: 2, restart })
    const switches = switchesIn(root)
    expect(switches).not.toEqual([])
    signal(switches, 'SIGKILL')
    waiting.hangUp()
    // A lease is told by whole seconds.
    await new Promise(resolve => setTimeout(resolve, 1200))
    expect((await run(renew(place(root)), shell)).code).toBe(0)
    await until(() => restarted(root), 'the restart')
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('waits while it is renewed, also on a channel that was lost, and then no longer', async () => {
    const { root, waiting } = await swapped(shell, { lease: 2, restart })
    waiting.hangUp()
    const end = performance.now() + 6000
    let renewals = 0
    while (performance.now() < end || renewals <= 5) {
      expect((await run(renew(place(root)), shell)).code).toBe(0)
      renewals += 1
      expect(recordsOf(root)).toEqual(['state.swapped', 'undecided'])
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    expect(currentOf(root)).toBe(newTarget)
    await until(() => restarted(root), 'the restart')
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('counts a renewal by a clock that was set back', async () => {
    const { root } = await swapped(shell, { lease: 3 })
    const lease = join(root, '.clonedeploy/tx/t1/lease')
    const end = performance.now() + 6000
    for (let hour = 1; performance.now() < end; hour++) {
      await run(new Script('as if', `touch -d @$(( $(date +%s) - ${hour * 3600} )) '${lease}'`), shell)
      expect(recordsOf(root)).toEqual(['state.swapped', 'undecided'])
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    await until(() => currentOf(root) === oldTarget, 'it is put back')
  })

  it('does nothing once the host is confirmed', async () => {
    const { root, waiting } = await swapped(shell, { lease: 1, restart })
    expect((await run(forward(root), shell)).code).toBe(0)
    waiting.hangUp()
    expect((await waiting.result).code).toBe(0)
    expect(existsSync(join(root, 'restarted'))).toBe(false)
    expect(currentOf(root)).toBe(newTarget)
  })

  it('leaves another attempt of the same transaction alone, as does the shell that waited', async () => {
    const { root, waiting } = await swapped(shell, { lease: 2 })
    waiting.hangUp()
    await succeed(run(back(root), shell))
    await succeed(run(layLinks(place(root), newId, oldTarget, Buffer.alloc(0)), shell))
    await until(() => switchesIn(root).length === 0, 'the switch ends')
    await waiting.result
    expect(recordsOf(root)).toEqual(['state.staged', 'undecided'])
    expect(readlinkSync(join(root, '.clonedeploy/tx/t1/stage/go/current'))).toBe(newTarget)
  })

  it('does nothing after the deadline when there was no word', async () => {
    const { root, waiting } = await armed(shell, { lease: 1, deadline: 1, restart })
    await until(() => recordsOf(root).includes('state.disarmed'), 'the deadline')
    waiting.hangUp()
    await waiting.result
    expect(recordsOf(root)).toEqual(['state.disarmed', 'undecided'])
    expect(existsSync(join(root, 'restarted'))).toBe(false)
  })

  it.each([
    ['keeps the restart that failed, for a repair', 'exit 1', true],
    ['forgets the restart that succeeded', 'exit 0', false],
  ])('%s', async (_, end, kept) => {
    const { root } = await swapped(shell, { lease: 1, restart: `: >restarted\n${end}\n` })
    const owed = () => existsSync(join(root, '.clonedeploy/tx/t1/restart'))
    await until(() => existsSync(join(root, 'restarted')) && owed() === kept, 'the end of the restart')
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(owed()).toBe(kept)
  })

  exhaustively('starts the app with the signals as they come: it can be stopped later', async () => {
    const signals = `grep SigIgn /proc/self/status >restarted.tmp; mv restarted.tmp restarted\n`
    const { root } = await swapped(shell, { lease: 1, restart: signals })
    await until(() => restarted(root), 'the restart')
    const ignored = BigInt(`0x${readFileSync(join(root, 'restarted'), 'utf8').trim().split(/\s+/)[1]}`)
    const [hup, term, pipe] = [1n, 15n, 13n].map(number => (ignored >> (number - 1n)) & 1n)
    expect({ hup, term, pipe }).toEqual({ hup: 0n, term: 0n, pipe: 0n })
  })

  it('ends when the folder is gone', async () => {
    const { root, waiting } = await swapped(shell, { lease: 1 })
    rmSync(root, { recursive: true })
    waiting.send('end')
    expect((await waiting.result).code).toBe(0)
  })
})

describe.each(shells)("what the dead-man's switch restarts, under $name,", { concurrent: true }, shell => {
  const waits = ': >began; until [ -e go ]; do sleep 0.1; done; : >ended'
  const restart = (root: string) => afterwards(root, [{ folder: '.', run: waits, timeout: 60 }], {})
  const had = (root: string, name: string) => existsSync(join(root, name))
  /** The switch of t1 has begun it, and it has not come to its end. */
  const begun = async () => {
    const { root } = await swapped(shell, { lease: 1, restart })
    await until(() => had(root, 'began'), 'the restart begins')
    return root
  }
  const second = async (root: string) => {
    const at = place(root, 't2')
    await succeed(run(lock(at, '{"tx":"t2"}', { unresolved: 'keep', over: 't1' }), shell))
    return at
  }
  const again = (root: string, tx: string) => layLinks(place(root, tx), newId, oldTarget, Buffer.alloc(0))

  it.each([
    ['the next run makes its links', async (root: string) => again((await second(root)).root, 't2')],
    ['its own run makes its links again', async (root: string) => again(root, 't1')],
    ['a repair puts it back', async (root: string) => restore({ ...(await second(root)), of: 't1' }, newId)],
    ['its own run puts it back', async (root: string) => back(root)],
  ])('ends with all that it started, and is still owed, when %s', async (_, next) => {
    const root = await begun()
    await succeed(run(await next(root), shell))
    writeFiles(root, { go: '' })
    await until(() => switchesIn(root).length === 0, 'nothing is at work')
    expect([had(root, 'ended'), had(root, '.clonedeploy/tx/t1/restart'), currentOf(root)]).toEqual([
      false,
      true,
      oldTarget,
    ])
  })

  it('goes on when a run makes links that change nothing', async () => {
    const root = await begun()
    const at = await second(root)
    await succeed(run(layLinks(at, oldId, oldTarget, Buffer.alloc(0)), shell))
    writeFiles(root, { go: '' })
    await until(() => had(root, 'ended'), 'the restart ends')
  })

  it('is not begun once another run has made its links', async () => {
    const { root } = await swapped(shell, { restart })
    await run(back(root), shell)
    const late = new Script('late', `cd '${root}' && sh .clonedeploy/tx/t1/restart`)
    await succeed(run(again((await second(root)).root, 't2'), shell))
    expect((await run(late, shell)).code).toBe(79)
    expect(had(root, 'began')).toBe(false)
    await succeed(run(restore({ ...place(root, 't2'), of: 't1' }, newId), shell))
    writeFiles(root, { go: '' })
    await succeed(run(late, shell))
    expect(had(root, 'ended')).toBe(true)
  })

  it('is nobody who has got its process id since', async () => {
    const { root } = await swapped(shell, { restart })
    await run(back(root), shell)
    const other = start(new Script('another', 'echo here; read -r line; echo "$line"'), shell)
    await other.line()
    writeFiles(root, { '.clonedeploy/tx/t1/restarting': `${other.pid}\n` })
    await succeed(run(again((await second(root)).root, 't2'), shell))
    other.send('still here')
    expect(await other.line()).toBe('still here')
  })
})

describe.each(shellsOnPath)('restore under $name, while the swap is held up,', shell => {
  it('takes the way forward from a swap that was held up half-way', async () => {
    const { root, waiting, goOn } = await heldUp(shell)
    expect(recordsOf(root)).toEqual(['state.armed', 'undecided'])
    expect((await run(back(root), shell)).stdout).toBe(`current ${oldTarget}\n`)
    goOn()
    expect(await waiting.line()).toBeNull()
    expect((await waiting.result).code).toBe(82)
    expect(currentOf(root)).toBe(oldTarget)
  })
})
