import { LockedError } from '../../errors.js'
import type { StoredCopy } from '../../store/artifacts.js'
import type { Generation } from '../../store/generation.js'
import { createGeneration, isSame } from '../../store/generations.js'
import { StoreError } from '../../store/store.js'
import { type Announcement, endOf, pendingAfter, standingOf } from '../../store/succession.js'
import type { Halt, Run } from '../transaction/run.js'
import { announcementOf, busyError, endedBefore, keepFiles, keptStill } from './announce.js'
import { withProgram } from './keep-program.js'
import type { RunStore } from './run-store.js'
import { storePhase } from './store-phase.js'

/** Brings the store to what the fleet's record says, under the locks of all hosts: what a dead run has left there is ended first. */
export async function forwardAll(run: Run): Promise<Halt | null> {
  const { store, plan } = run
  if (store === null || plan.stored === null) return null
  const said = announcementOf(run, plan.stored)
  try {
    await storePhase(run, 'conclude', async () => ({ ok: true, note: `generation ${await forward(run, store, said)}` }))
    return null
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof LockedError)) throw error
    return { reason: error.message }
  }
}

/** The number of the generation that says it. Throws LockedError where another run's took the number meanwhile. */
async function forward(run: Run, store: RunStore, said: Announcement): Promise<number> {
  const newest = await endedBefore(run, store, said)
  if (newest !== null && standingOf(newest, said.target.release) === 'even') return newest.number
  const files = await keepFiles(run, store, said)
  const first = await confirmed(run, store, newest, said, files?.copy ?? null)
  const still = await keptStill(run, store, said, files)
  if (still === files) return first.number
  return (await confirmed(run, store, first, said, still?.copy ?? null)).number
}

/** The generation after this one, once it says that the fleet serves the release, and where its files are. */
async function confirmed(
  run: Run,
  { store }: RunStore,
  newest: Generation | null,
  said: Announcement,
  copy: StoredCopy | null,
): Promise<Generation> {
  const pending = pendingAfter(newest, { ...said, target: await withProgram(run, store, said.target, copy) })
  const next = { ...endOf(pending, { state: 'confirmed' }, said), number: pending.number }
  const there = await createGeneration(store, next)
  if (!isSame(there, next)) throw busyError(run.plan.stage, there)
  return there
}
