import type { HealthStep, HookStep } from '../../plan/plan.js'
import { withLog } from '../app-log.js'
import { checkHealth } from '../health/health.js'
import { noneLeft } from '../health/processes.js'
import type { HostFailure, Phase } from '../outcome.js'
import { stopIn } from '../stop.js'
import { ended, type Halt, type HostRun, inPhase, inSilence, type Run, runStep } from './run.js'

/** Restarts the app on these hosts. */
export function restartOn(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const restarted = hosts.filter(host => host.plan.restart.length > 0)
  return inPhase(run, 'restart', restarted, host => restart(run, host, 'restart', host.plan.restart))
}

/** Checks the app's health on these hosts. */
export async function healthOn(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const asked = hosts.filter(host => host.plan.health.length > 0)
  const unasked = hosts.filter(host => host.plan.health.length === 0)
  return (
    (await inPhase(run, 'health', asked, host => healthy(run, host, 'health', host.plan.health))) ??
    (await inSilence(run, 'health', unasked, host => healthy(run, host, 'health', [])))
  )
}

export async function restart(
  run: Run,
  host: HostRun,
  phase: Phase,
  steps: readonly HookStep[],
): Promise<HostFailure | null> {
  for (const step of steps) {
    const { failure } = await runStep(run, host, phase, step)
    if (failure !== null) return phase === 'rollback' ? failure : withLog(run, host, failure)
  }
  return null
}

export async function healthy(
  run: Run,
  host: HostRun,
  phase: Phase,
  steps: readonly HealthStep[],
): Promise<HostFailure | null> {
  for (const step of steps) {
    run.emit({ type: 'host.start', phase, step: 'health', host: host.name })
    const began = performance.now()
    const stop = stopIn(phase, run.stop)
    const { ok, note, output } = await checkHealth(host.session, step, stop)
    const failure: HostFailure | null = ok ? null : { phase, step: 'health', message: note, hint: null, output }
    host.healthy = ok
    const told = ok || stop.reason() === null ? note : 'stopped'
    ended(run, host, phase, 'health', performance.now() - began, failure, told)
    if (failure !== null) return phase === 'rollback' ? failure : withLog(run, host, failure)
  }
  if (mayRunBeside(host, phase)) return null
  const began = performance.now()
  const failure = await noneLeft(run, host, phase)
  // Without a health check the phase emits events only for failures.
  const told = phase !== 'health' || steps.length > 0
  if (failure !== null && told)
    ended(run, host, phase, failure.step, performance.now() - began, failure, failure.message)
  return failure
}

/** Until the end of the run, the release before goes on beside a warm one; on the way back, the warm one beside that. */
function mayRunBeside({ plan }: HostRun, phase: Phase): boolean {
  return plan.switch !== null || plan.flip !== null || (phase === 'rollback' && plan.leftWarm.length > 0)
}
