import type { ScriptStep } from '../plan/plan.js'
import { lockAll, startHeart } from './lock.js'
import { prepareAll } from './prepare.js'
import { discardAll } from './restore.js'
import { type Halt, inPhase, type Run, runStep } from './run.js'

/** Removes what dead runs left before any swap, and copies that nobody can use. Throws LockedError only. */
export async function sweep(run: Run): Promise<Halt | null> {
  return withoutSwap(run, () => cleanAll(run))
}

/** Brings a release to the hosts that lack it, and swaps nothing. Throws LockedError only. */
export async function hold(run: Run): Promise<Halt | null> {
  return withoutSwap(run, async () => (await prepareAll(run)) ?? (await cleanAll(run)))
}

async function withoutSwap(run: Run, act: () => Promise<Halt | null>): Promise<Halt | null> {
  const heart = startHeart(run)
  try {
    const halt = (await lockAll(run)) ?? (await act())
    await discardAll(run)
    return halt
  } finally {
    heart.stop()
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
