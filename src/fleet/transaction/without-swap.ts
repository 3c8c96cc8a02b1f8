import type { ScriptStep } from '../../plan/plan.js'
import { orStop, undone } from '../or-stop.js'
import { endLocks, lockAll, startHeart } from './lock.js'
import { prepareAll } from './prepare.js'
import { discardAll } from './restore.js'
import { type Halt, inPhase, type Run, runStep } from './run.js'

/** Removes what dead runs left before any swap, and copies that nobody can use. Throws LockedError only. */
export async function sweep(run: Run): Promise<Halt | null> {
  return underLock(run, () => cleanAll(run))
}

/** Brings a release to the hosts that lack it. What is not theirs at the end is thrown away. Throws LockedError, and what is wrong with the files. */
export async function prepareOnly(run: Run): Promise<Halt | null> {
  return underLock(run, async () => (await orStop(run, prepareAll(run))) ?? (await cleanAll(run)))
}

async function underLock(run: Run, act: () => Promise<Halt | null>): Promise<Halt | null> {
  const heart = startHeart(run)
  try {
    const halt = (await lockAll(run)) ?? (await act().catch(undone(() => discardAll(run))))
    await discardAll(run)
    return halt
  } finally {
    heart.stop()
    await endLocks(run)
  }
}

async function cleanAll(run: Run): Promise<Halt | null> {
  const hosts = run.hosts.filter(({ plan }) => plan.prune !== null)
  if (hosts.length === 0) return null
  return inPhase(
    run,
    'clean',
    hosts,
    async host => (await runStep(run, host, 'clean', host.plan.prune as ScriptStep)).failure,
  )
}
