import { realpathSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seal } from '../../src/scripts/prepare/seal.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { setDates } from '../../src/scripts/read/file-times.js'
import { hook } from '../../src/scripts/shell/hook.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { discard, finish, keep, recordFleet } from '../../src/scripts/transaction/end-transaction.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { breakLock, endLock, lock, renew, unlock } from '../../src/scripts/transaction/lock.js'
import { abandon, blame } from '../../src/scripts/transaction/mark-bad.js'
import { prune } from '../../src/scripts/transaction/prune.js'
import { confirm, restore, serve } from '../../src/scripts/transaction/swap.js'
import { laySwitch, switchOver } from '../../src/scripts/transaction/switch.js'
import { cool, forget, warm } from '../../src/scripts/transaction/warm.js'
import { inodes } from '../support/files.js'
import { folder, place, run, shells } from '../support/scripts.js'
import { tried } from '../support/tier.js'
import { armOf, arriving, newId, oldId, oldTarget, staged, succeed } from './staged.js'

const mutating = (root: string) => {
  const mine = place(root)
  const what = {
    release: '20260103-000000-2222222',
    base: null,
    unchanged: 'copy' as const,
    digest: 'sha256:x',
    revision: 'x',
    shared: { dirs: ['uploads'], files: [] },
  }
  const canary = { folder: `releases/${newId}`, run: 'touch run', timeout: 10 }
  return [
    renew(mine),
    unlock(mine),
    endLock(mine, 'why'),
    breakLock(mine),
    unpack(mine, what, arriving('anything')),
    setDates(mine, newId, new Map([[0, ['file']]])),
    seal(mine, { release: newId, record: '{}', run: '{}', hooked: true }),
    hook(mine, canary, {}),
    as('warm', warm(mine, newId, canary, {}, 3001)),
    as('cool', cool(mine, canary, {}, true, 3001)),
    forget(mine),
    laySwitch(mine, { target: `releases/${newId}`, runs: [canary], variables: {}, deadline: 20 }),
    switchOver(mine),
    layLinks(mine, newId, oldTarget, Buffer.from('true')),
    armOf(root),
    restore(mine, newId),
    serve(mine),
    confirm(mine, newId),
    finish(mine, { fleet: '{}', history: '{}' }),
    abandon(mine, { release: newId, bad: 'because', history: '{}' }),
    recordFleet(mine, '{}'),
    keep(mine, newId),
    blame(mine, newId, 'because'),
    discard(mine),
    prune(mine, [oldId, newId]),
  ]
}

/** What runs a user's command under a name of its own. */
function as(name: string, { text, input }: Script): Script {
  return new Script(name, text, input)
}

const names = mutating('/').map(({ name }) => name)
const numbered = names.map((name, i) => [name, i] as const)
/** Every day as many as show that the look at the lock is the same for all. */
const some = tried(numbered, (_, i) => i % 6 === 0)

describe.each(shells)('a controller that lost its lock, under $name', shell => {
  it.each(numbered)('changes nothing by %s', async (_, i) => {
    const root = realpathSync(await staged(shell))
    await succeed(run(breakLock(place(root)), shell))
    await succeed(run(lock(place(root, 't2'), '{"tx":"t2"}', { unresolved: 'keep' }), shell))
    const before = inodes(root)
    expect(await run(mutating(root)[i] as never, shell)).toEqual({ code: 79, stdout: '', stderr: '' })
    expect(inodes(root)).toEqual(before)
  })

  it.each(some)('changes nothing by %s after it gave the lock back', async (_, i) => {
    const root = realpathSync(await staged(shell))
    await succeed(run(unlock(place(root)), shell))
    const before = inodes(root)
    expect((await run(mutating(root)[i] as never, shell)).code).toBe(79)
    expect(inodes(root)).toEqual(before)
  })

  it.each(some)('changes nothing by %s where nobody ever had a lock', async (_, i) => {
    const root = folder()
    const before = inodes(root)
    expect((await run(mutating(root)[i] as never, shell)).code).toBe(79)
    expect(inodes(root)).toEqual(before)
  })

  it.each(some)('makes no folder by %s where there is none', async (_, i) => {
    const parent = folder()
    expect((await run(mutating(`${parent}/absent`)[i] as never, shell)).code).toBe(88)
    expect(Object.keys(inodes(parent))).toEqual(['.'])
  })
})
