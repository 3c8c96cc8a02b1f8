import type { ScriptStep } from '../../plan/plan.js'
import { troubleOf } from '../balancer/balancers.js'
import { backInService, outOfService } from '../balancer/undrain.js'
import type { Outcome } from '../outcome.js'
import { unlessStopped } from '../stop.js'
import { type OutcomeFacts, outcomeOf } from './decide-outcome.js'
import { lockAll, withHeart } from './lock.js'
import { prepareAll } from './prepare.js'
import { discardAll, isOnlySick, restoreAll } from './restore.js'
import { type Halt, type HostRun, inPhase, type Run, runStep } from './run.js'
import { healthy } from './serve.js'

/** Waits for the phase. If a stop is asked for, closes the hosts' connections to end what is in progress; the clean-up opens new ones. */
export async function orStop(run: Run, phase: Promise<Halt | null>): Promise<Halt | null> {
  const done = await unlessStopped(run.stop, phase)
  if (done === null || !('stopped' in done)) return done
  const well = run.hosts.filter(({ failure }) => failure === null)
  for (const host of run.hosts) host.session.interrupt()
  await phase.catch(() => null)
  // These connections we closed ourselves: where it was stopped is all that their failures tell.
  const during = well.find(({ failure }) => failure !== null)?.failure?.phase
  for (const host of well) host.failure = null
  return { reason: during === undefined ? done.stopped : `${done.stopped} during ${during}`, onRequest: true }
}

/** Rethrows an error (a damaged artifact, a bug) after the hosts are back as they were. */
export function undone(undo: () => Promise<unknown>): (error: unknown) => Promise<never> {
  return async error => {
    await undo()
    throw error
  }
}

/** Removes what dead runs left behind, and damaged copies that nobody serves. Throws LockedError only. */
export async function sweep(run: Run): Promise<Halt | null> {
  return underLock(run, () => cleanAll(run))
}

/** Brings a release to the hosts that lack it, without a swap, and discards what is left. Throws LockedError, and errors of the files. */
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

/** Puts hosts that a dead run has drained back into service if they are healthy, under the locks of all hosts. Throws LockedError only. */
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

/** Undoes a dead run's swap: puts the hosts that swapped back, under the locks of all hosts. Throws LockedError only. */
export async function putBack(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  return withHeart(run, async () => {
    const unlocked = await lockAll(run)
    if (unlocked !== null) {
      await discardAll(run)
      return outcomeOf(run, facts, 'aborted', unlocked)
    }
    const left = await restoreAll(run, { reason: 'a run died before its swap was confirmed' })
    return outcomeOf(run, facts, left === null ? 'undone' : isOnlySick(run) ? 'unhealthy' : 'mixed', left)
  })
}
