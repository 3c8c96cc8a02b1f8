import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { Script } from '../../src/scripts/shell/shell.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { breakLock, lock } from '../../src/scripts/transaction/lock.js'
import { look } from '../../src/scripts/transaction/swap.js'
import { inodes, writeFiles } from '../support/files.js'
import {
  busybox,
  currentOf,
  folder,
  place,
  run,
  type Started,
  shells,
  shellsOnPath,
  start,
  until,
} from '../support/scripts.js'
import { armed, armOf, heldUp, locked, newId, newTarget, oldTarget, recordsOf, staged, swapped } from './staged.js'

describe.each(shells)('stage under $name', shell => {
  it('makes both links, the state and the undecided outcome, and leaves current alone', async () => {
    const root = await staged(shell, { restart: 'echo "it\'s back"\n' })
    const tx = join(root, '.clonedeploy/tx/t1')
    expect(readlinkSync(join(tx, 'stage/go/current'))).toBe(newTarget)
    expect(readlinkSync(join(tx, 'stage/revert/current'))).toBe(oldTarget)
    expect(readFileSync(join(tx, 'restart'), 'utf8')).toContain('\necho "it\'s back"\n')
    expect(readFileSync(join(tx, 'next'), 'utf8')).toBe(`${newId}\n`)
    expect(readFileSync(join(tx, 'old'), 'utf8')).toBe(`${oldTarget}\n`)
    expect(recordsOf(root)).toEqual(['state.staged', 'undecided'])
    expect(currentOf(root)).toBe(oldTarget)
  })

  it.each([
    ['elsewhere', () => 'releases/20250101-000000-9999999'],
    ['the same release by another spelling', (root: string) => join(root, oldTarget)],
    ['a name with a newline at its end', () => `${oldTarget}\n`],
  ])('stops when current points %s by now', async (_, target) => {
    const root = await locked(shell)
    unlinkSync(join(root, 'current'))
    symlinkSync(target(root), join(root, 'current'))
    expect((await run(layLinks(place(root), newId, oldTarget, Buffer.alloc(0)), shell)).code).toBe(78)
  })

  it.each(['a file', 'a folder', 'a link to nowhere'])('stops when there is %s where nothing was', async what => {
    const root = await locked(shell, { old: null })
    if (what === 'a file') writeFileSync(join(root, 'current'), '')
    else if (what === 'a folder') mkdirSync(join(root, 'current'))
    else symlinkSync('nowhere', join(root, 'current'))
    expect((await run(layLinks(place(root), newId, null, Buffer.alloc(0)), shell)).code).toBe(78)
  })

  it('stops when the release is gone', async () => {
    const root = await locked(shell)
    rmSync(join(root, newTarget), { recursive: true })
    expect((await run(layLinks(place(root), newId, oldTarget, Buffer.alloc(0)), shell)).code).toBe(76)
  })
})

describe.each(shells)('a swap under $name', shell => {
  it('happens at the word, and says what current is', async () => {
    const { root, waiting } = await armed(shell)
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['state.armed', 'undecided'])
    waiting.send('go t1')
    expect(await waiting.line()).toBe('renamed')
    expect(currentOf(root)).toBe(newTarget)
    expect(await waiting.line()).toBe(`swapped ${newTarget}`)
    expect(await waiting.line()).toBe('flushed')
    waiting.send('end')
    expect((await waiting.result).code).toBe(0)
    expect(recordsOf(root)).toEqual(['state.swapped', 'undecided'])
    expect((await run(look(root, 't1'), shell)).stdout).toBe(`current ${newTarget}\nstate.swapped\n`)
  })

  it('is taken for one where its link was renamed before the word came', async () => {
    const { root, waiting } = await armed(shell)
    renameSync(join(root, '.clonedeploy/tx/t1/stage/go/current'), join(root, 'current'))
    waiting.send('go t1')
    expect([await waiting.line(), await waiting.line(), await waiting.line()]).toEqual([
      'renamed',
      `swapped ${newTarget}`,
      'flushed',
    ])
    waiting.send('end')
    expect((await waiting.result).code).toBe(0)
    expect(recordsOf(root)).toEqual(['state.swapped', 'undecided'])
  })

  it('is recorded, and guarded, where its link was renamed and then the line was lost', async () => {
    const { root, waiting } = await armed(shell, { lease: 1 })
    renameSync(join(root, '.clonedeploy/tx/t1/stage/go/current'), join(root, 'current'))
    waiting.hangUp()
    await until(() => recordsOf(root).includes('state.swapped'), 'the record')
    await until(() => currentOf(root) === oldTarget, 'the way back')
    expect((await waiting.result).code).toBe(0)
    expect(recordsOf(root)).toEqual(['outcome.reverted', 'state.swapped'])
  })

  it.each([
    ['a release of Capistrano, absolute', '/srv/elsewhere/releases/20200101000000'],
    ['a name with odd characters', "releases/it's $(here) \\ "],
  ])('takes over from %s', async (_, old) => {
    const { root, waiting } = await swapped(shell, { old })
    waiting.send('end')
    expect(currentOf(root)).toBe(newTarget)
    expect(readlinkSync(join(root, '.clonedeploy/tx/t1/stage/revert/current'))).toBe(old)
  })

  it('is the first where nothing was served', async () => {
    const { root, waiting } = await swapped(shell, { old: null })
    waiting.send('end')
    expect(currentOf(root)).toBe(newTarget)
  })

  it.each(['go t2', 'go', ' go t1', 'go t1 ', 'no'])('does not happen at the word %j', async word => {
    const { root, waiting } = await armed(shell)
    waiting.send(word)
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['state.disarmed', 'undecided'])
  })

  it('does not happen when the line is lost before the word', async () => {
    const { root, waiting } = await armed(shell)
    waiting.hangUp()
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['state.disarmed', 'undecided'])
  })

  it('does not happen when the word comes after the deadline', async () => {
    const { root, waiting } = await armed(shell, { deadline: 1 })
    await until(() => recordsOf(root).includes('state.disarmed'), 'the deadline')
    waiting.send('go t1')
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
  })

  it.each([
    ['forward', 'late', -100],
    ['back', 'early', 100],
  ])('does not happen when the clock went %s while it waited', async (_, limit, seconds) => {
    const { root, waiting } = await armed(shell)
    const then = Date.now() / 1000 + seconds
    utimesSync(join(root, '.clonedeploy/tx/t1', limit), then, then)
    waiting.send('go t1')
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['state.disarmed', 'undecided'])
  })

  it('does not happen when the disk can be written no more, and leaves the word to nobody', async () => {
    const { root, waiting } = await armed(shell)
    rmSync(join(root, '.clonedeploy/tx/t1/told'))
    mkdirSync(join(root, '.clonedeploy/tx/t1/told'))
    waiting.send('go t1')
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('does not happen when the word comes after another run took the lock', async () => {
    const { root, waiting } = await armed(shell)
    expect((await run(breakLock(place(root)), shell)).code).toBe(0)
    expect((await run(lock(place(root, 't2'), '{}', { unresolved: 'refuse' }), shell)).code).toBe(0)
    waiting.send('go t1')
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('cannot be armed twice', async () => {
    const { root, waiting } = await armed(shell)
    expect((await run(armOf(root), shell)).code).toBe(82)
    waiting.send('go t1')
    expect(await waiting.line()).toBe('renamed')
  })

  it('is not armed when current was changed since', async () => {
    const root = await staged(shell)
    unlinkSync(join(root, 'current'))
    symlinkSync('elsewhere', join(root, 'current'))
    const before = inodes(root)
    expect((await run(armOf(root), shell)).code).toBe(78)
    expect(inodes(root)).toEqual(before)
  })
})

describe.each(shellsOnPath)('a swap under $name whose rename did nothing', shell => {
  it('says what current is all the same', async () => {
    const bin = folder()
    const real = shell.name === 'busybox' ? `${busybox} mv` : '/usr/bin/mv'
    const text = `#!/bin/sh\ncase "$*" in *'stage/go/current ./') exit 0 ;; esac\nexec ${real} "$@"\n`
    writeFiles(bin, { mv: { mode: 0o755, text } })
    const { waiting } = await armed({ ...shell, path: `${bin}:${shell.path}` })
    waiting.send('go t1')
    expect([await waiting.line(), await waiting.line()]).toEqual(['renamed', `swapped ${oldTarget}`])
    waiting.send('end')
  })
})

describe.each(shells)('look under $name', shell => {
  it.each([
    ['absent', null, 'absent\n'],
    ['a link', oldTarget, `current ${oldTarget}\n`],
    ['a dangling link', 'nowhere', 'current nowhere\n'],
  ])('says what current is when it is %s, and changes nothing', async (_, old, said) => {
    const root = await locked(shell, { old })
    const before = inodes(root)
    expect(await run(look(root, 't1'), shell)).toEqual({ code: 0, stdout: said, stderr: '' })
    expect(inodes(root)).toEqual(before)
  })

  it('says that current is not a link', async () => {
    const root = await locked(shell, { old: null, files: { 'current/index.html': '' } })
    expect((await run(look(root, 't1'), shell)).stdout).toBe('other\n')
  })
})

/** It ended without a line: a host that has swapped says so, and then waits. */
async function expectLate(waiting: Started): Promise<void> {
  expect(await waiting.line()).toBeNull()
  expect((await waiting.result).code).toBe(82)
}

/** Opens a file through `current` until it is told to stop, and counts how often it was not there. */
const reader = `
const { parentPort, workerData } = require('node:worker_threads')
const { readFileSync } = require('node:fs')
const flag = new Int32Array(workerData.flag)
let reads = 0
const misses = []
while (Atomics.load(flag, 0) === 0) {
  try { readFileSync(workerData.path); reads += 1; Atomics.store(flag, 1, reads) } catch (error) { misses.push(error.code) }
}
parentPort.postMessage({ reads, misses })
`

describe.each(shells)('three hundred swaps under $name', shell => {
  it('never let a reader miss current', async () => {
    const root = await staged(shell)
    const flag = new SharedArrayBuffer(8)
    const counter = new Int32Array(flag)
    const worker = new Worker(reader, { eval: true, workerData: { path: join(root, 'current/file'), flag } })
    const told = new Promise<{ reads: number; misses: string[] }>(resolve => worker.once('message', resolve))
    await until(() => Atomics.load(counter, 1) > 0, 'the reader reads')
    const { text } = armOf(root)
    const rename = text.split('\n').filter(line => line.includes('mv -f "$X/stage/go/current" ./'))
    expect(rename).toHaveLength(1)
    const loop = `cd '${root}'; X=.clonedeploy/tx/t1; i=0
while [ $i -lt 300 ]; do i=$((i+1))
if [ $((i%2)) = 0 ]; then ln -s ${oldTarget} "$X/stage/go/current"; else ln -s ${newTarget} "$X/stage/go/current"; fi || exit 1
${rename[0]?.replace(/exec|\)/g, '')}
done`
    rmSync(join(root, '.clonedeploy/tx/t1/stage/go/current'))
    const done = start(new Script('loop', loop), shell)
    expect((await done.result).code).toBe(0)
    Atomics.store(counter, 0, 1)
    const { reads, misses } = await told
    expect(misses).toEqual([])
    expect(reads).toBeGreaterThan(300)
  })
})

describe.each(shellsOnPath)('a swap under $name that a program is late for', shell => {
  it('is undone within moments where its link was renamed after the deadline', async () => {
    const bin = folder()
    const real = shell.name === 'busybox' ? '/usr/bin/busybox stat' : '/usr/bin/stat'
    const text = `#!/bin/sh\n[ "$*" != '-c %Z current' ] || { echo 9999999999; exit; }\nexec ${real} "$@"\n`
    writeFiles(bin, { stat: { mode: 0o755, text } })
    const { root } = await armed({ ...shell, path: `${bin}:${shell.path}` })
    renameSync(join(root, '.clonedeploy/tx/t1/stage/go/current'), join(root, 'current'))
    await until(() => currentOf(root) === oldTarget, 'the way back')
    await until(() => recordsOf(root).includes('outcome.reverted'), 'the decision')
  })

  it('does not happen when it is held up between the word and the rename until the deadline', async () => {
    const { root, waiting, goOn } = await heldUp(shell, { deadline: 2 })
    const go = join(root, '.clonedeploy/tx/t1/stage/go')
    await until(() => readdirSync(go).length === 0, 'the deadline')
    goOn()
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['state.disarmed', 'undecided'])
  })

  it('does not happen when it is held up until another run has taken the lock', async () => {
    const { root, waiting, goOn } = await heldUp(shell)
    for (const name of ['lease', '.']) utimesSync(join(root, '.clonedeploy/epochs/1', name), 1, 1)
    expect((await run(lock(place(root, 't2'), '{}', { unresolved: 'keep' }), shell)).code).toBe(0)
    goOn()
    await expectLate(waiting)
    expect(currentOf(root)).toBe(oldTarget)
    expect(existsSync(join(root, '.clonedeploy/tx/t1'))).toBe(false)
  })

  it('happens when it is held up for less than that', async () => {
    const { root, waiting, goOn } = await heldUp(shell)
    goOn()
    expect(await waiting.line()).toBe('renamed')
    expect(currentOf(root)).toBe(newTarget)
    waiting.send('end')
  })
})
