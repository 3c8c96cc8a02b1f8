import { haltBy } from '../balancer/balancers.js'
import { backInService, outOfService } from '../balancer/undrain.js'
import type { Outcome } from '../outcome.js'
import { comeHome } from '../warm/flip.js'
import { type OutcomeFacts, outcomeOf } from './decide-outcome.js'
import { withHeart } from './lock.js'
import { healthy } from './restart-and-health.js'
import { discardAll, isOnlySick, restoreAll } from './restore.js'
import { type Halt, type HostRun, inPhase, type Run } from './run.js'
import { undone, walk } from './walk-phases.js'

/**
 * Does what the plan has to do under the locks of all hosts, without a swap, and discards what is left: that alone removes
 * what dead runs have prepared. Throws LockedError, and errors of the files.
 */
export async function sweep(run: Run): Promise<Halt | null> {
  return underLock(run, () => walk(run, 'end'))
}

async function underLock(run: Run, act: () => Promise<Halt | null>): Promise<Halt | null> {
  return withHeart(run, async () => {
    const halt = (await walk(run, 'discard')) ?? (await act().catch(undone(() => discardAll(run))))
    await discardAll(run)
    return halt
  })
}

/** Puts hosts that a dead run has drained back into service if they are healthy, under the locks of all hosts. Throws LockedError only. */
export async function mend(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  return underLock(run, () => mendAll(run, hosts))
}

async function mendAll(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { balancers } = run
  if (balancers === null) return null
  try {
    const astray = await comeHome(run, hosts)
    if (astray !== null) return astray
    const out = (await outOfService(balancers, hosts)).filter(({ plan }) => plan.healthOld.length > 0)
    const sick =
      out.length === 0
        ? null
        : await inPhase(run, 'health', out, host => healthy(run, host, 'health', host.plan.healthOld))
    const back = await backInService(
      run,
      hosts.filter(({ failure }) => failure === null),
    )
    return sick ?? back
  } catch (error) {
    return haltBy(balancers, 'ready', error)
  }
}

/** Undoes a dead run's swap: puts the hosts that swapped back, under the locks of all hosts. Throws LockedError only. */
export async function putBack(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  return withHeart(run, async () => {
    const unlocked = await walk(run, 'discard')
    if (unlocked !== null) {
      await discardAll(run)
      return outcomeOf(run, facts, 'aborted', unlocked)
    }
    const left = await restoreAll(run, { reason: 'a run died before its swap was confirmed' })
    return outcomeOf(run, facts, left === null ? 'undone' : isOnlySick(run) ? 'unhealthy' : 'mixed', left)
  })
}
