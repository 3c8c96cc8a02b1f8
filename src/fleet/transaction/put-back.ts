import type { Outcome } from '../outcome.js'
import { type OutcomeFacts, outcomeOf } from './conclude.js'
import { endLocks, lockAll, startHeart } from './lock.js'
import { discardAll, restoreAll } from './restore.js'
import type { Run } from './run.js'

/** Ends a dead run's swap: under the lock of all hosts, those that swapped go back. Throws LockedError only. */
export async function putBack(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  const heart = startHeart(run)
  try {
    const unlocked = await lockAll(run)
    if (unlocked !== null) {
      await discardAll(run)
      return outcomeOf(run, facts, 'aborted', unlocked)
    }
    const left = await restoreAll(run, { reason: 'a run died before its swap was confirmed' })
    return outcomeOf(run, facts, left === null ? 'undone' : 'mixed', left)
  } finally {
    heart.stop()
    await endLocks(run)
  }
}
