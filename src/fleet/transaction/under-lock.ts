import type { ScriptStep } from '../../plan/plan.js'
import { troubleOf } from '../balancer/balancers.js'
import { backInService, outOfService } from '../balancer/undrain.js'
import type { Outcome } from '../outcome.js'
import { unlessStopped } from '../stop.js'
import { type OutcomeFacts, outcomeOf } from './decide-outcome.js'
import { lockAll, withHeart } from './lock.js'
import { prepareAll } from './prepare.js'
import { discardAll, restoreAll } from './restore.js'
import { type Halt, type HostRun, inPhase, type Run, runStep } from './run.js'
import { healthy } from './serve.js'

/** A wish to stop ends what is under way on the hosts by closing its connection; the clean-up opens another. */
export async function orStop(run: Run, phase: Promise<Halt | null>): Promise<Halt | null> {
  const done = await unlessStopped(run.stop, phase)
  if (done === null || !('stopped' in done)) return done
  for (const host of run.hosts) host.session.interrupt()
  await phase.catch(() => null)
  return { reason: done.stopped }
}

/** What is thrown (a damaged artifact, a bug) is thrown on, but not before the hosts are as they were. */
export function undone(undo: () => Promise<unknown>): (error: unknown) => Promise<never> {
  return async error => {
    await undo()
    throw error
  }
}

/** Removes what dead runs left before any swap, and copies that nobody can use. Throws LockedError only. */
export async function sweep(run: Run): Promise<Halt | null> {
  return underLock(run, () => cleanAll(run))
}

/** Brings a release to the hosts that lack it. What is not theirs at the end is thrown away. Throws LockedError, and what is wrong with the files. */
export async function prepareOnly(run: Run): Promise<Halt | null> {
  return underLock(run, async () => (await orStop(run, prepareAll(run))) ?? (await cleanAll(run)))
}

async function underLock(run: Run, act: () => Promise<Halt | null>): Promise<Halt | null> {
  return withHeart(run, async () => {
    const halt = (await lockAll(run)) ?? (await act().catch(undone(() => discardAll(run))))
    await discardAll(run)
    return halt
  })
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

/** Under the lock of all hosts: those that a dead run has drained are in service again, when they are healthy. Throws LockedError only. */
export async function mend(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  return underLock(run, () => mendAll(run, hosts))
}

async function mendAll(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { balancers } = run
  if (balancers === null) return null
  try {
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
    return { reason: troubleOf('ready', error).message }
  }
}

/** Ends a dead run's swap: under the lock of all hosts, those that swapped go back. Throws LockedError only. */
export async function putBack(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  return withHeart(run, async () => {
    const unlocked = await lockAll(run)
    if (unlocked !== null) {
      await discardAll(run)
      return outcomeOf(run, facts, 'aborted', unlocked)
    }
    const left = await restoreAll(run, { reason: 'a run died before its swap was confirmed' })
    return outcomeOf(run, facts, left === null ? 'undone' : 'mixed', left)
  })
}
