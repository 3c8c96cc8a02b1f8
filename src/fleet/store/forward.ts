import { LockedError } from '../../errors.js'
import { createGeneration } from '../../store/generations.js'
import { StoreError } from '../../store/store.js'
import { endOf, pendingAfter, standingOf } from '../../store/succession.js'
import type { Halt, Run } from '../transaction/run.js'
import { announcementOf, endedBefore, upload } from './announce.js'
import type { RunStore } from './run-store.js'

/** Brings the store to what the fleet's record says, under the locks of all hosts: what a dead run has left there is ended first. */
export async function forwardAll(run: Run): Promise<Halt | null> {
  const { store, plan } = run
  if (store === null || plan.stored === null) return null
  const began = performance.now()
  run.emit({ type: 'phase.start', phase: 'conclude' })
  const end = (ok: boolean, note: string) =>
    run.emit({ type: 'phase.end', phase: 'conclude', ok, ms: performance.now() - began, note })
  try {
    end(true, `generation ${await forward(run, store, plan.stored)}`)
    return null
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof LockedError)) throw error
    end(false, error.message)
    return { reason: error.message }
  }
}

async function forward(run: Run, store: RunStore, stored: NonNullable<Run['plan']['stored']>): Promise<number> {
  const said = announcementOf(run, stored)
  const newest = await endedBefore(run, store, said)
  if (newest !== null && standingOf(newest, said.target.release) === 'even') return newest.number
  await upload(run, store, said)
  const pending = pendingAfter(newest, said)
  const confirmed = { ...endOf(pending, { state: 'confirmed' }, said), number: pending.number }
  return (await createGeneration(store.store, confirmed)).number
}
