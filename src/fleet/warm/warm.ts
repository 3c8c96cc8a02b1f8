import { isScript, stepsOf } from '../../plan/phase-order.js'
import type { HookStep, PhasePlan, ScriptStep } from '../../plan/plan.js'
import { withLog } from '../app-log.js'
import { askOnce, checkHealth } from '../health/health.js'
import { noneLeft } from '../health/processes.js'
import type { HostFailure } from '../outcome.js'
import { restart } from '../transaction/restart-and-health.js'
import { ended, type Halt, type HostRun, inPhase, inSilence, type Run, runStep } from '../transaction/run.js'
import { comeHome, emptied, endedPort } from './flip.js'

/** Starts the release beside the one that has the traffic, on all hosts, and waits until it is healthy everywhere. No user meets it. */
export async function warmAll(run: Run, all: readonly HostRun[]): Promise<Halt | null> {
  return inPhase(run, 'warm', all.filter(isWarm), async host => {
    host.warmed = true
    return (await restart(run, host, 'warm', host.plan.warm)) ?? (await ready(run, host)) ?? lay(run, host)
  })
}

/** Asks the warm release once more, just before the hosts swap: it may have died since. */
export async function stillWarm(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  return inSilence(run, 'warm', hosts.filter(isWarm), async host => {
    for (const step of host.plan.warmReady) {
      const { ok, note, output } = await askOnce(host.session, step, step.check.tryTimeout)
      const message = `it was ready, and is no more: ${step.text} → ${note}`
      if (!ok) return withLog(run, host, { phase: 'warm', step: 'ready', message, hint: null, output })
    }
    return null
  })
}

/** Users are where `current` says: sends them there, and ends what a dead run left on idle ports. A deploy needs these. */
export async function homeAll(run: Run, hosts: readonly HostRun[], { onFailure }: PhasePlan): Promise<Halt | null> {
  const steps = ({ plan }: HostRun) => plan.leftWarm
  return (await comeHome(run, hosts)) ?? coolBy(run, hosts, steps, true, onFailure === 'discard')
}

/** Ends the processes of all releases but the one that has the traffic: once all have confirmed, or after a dead run. */
export function coolAll(run: Run, hosts: readonly HostRun[], phase: PhasePlan): Promise<Halt | null> {
  return coolBy(run, hosts, ({ plan }) => stepsOf(plan, phase).filter(isScript), phase.steps.includes('leftWarm'))
}

/** The release before has the traffic, or has never lost it: ends all others, and what a dead run left. */
export function coolBack(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const locked = hosts.filter(host => host.locked)
  return coolBy(run, locked, ({ warmed, plan }) => (warmed ? plan.coolBack : plan.leftWarm), true)
}

function isWarm({ plan }: HostRun): boolean {
  return plan.warm.length > 0
}

/** Of what could not be ended the note stays on the host, and whoever comes next tries again. */
async function coolBy(
  run: Run,
  hosts: readonly HostRun[],
  steps: (host: HostRun) => readonly (HookStep | ScriptStep)[],
  isBack: boolean,
  isNeeded = false,
): Promise<Halt | null> {
  const busy = hosts.filter(host => steps(host).length > 0)
  return inPhase(run, 'cool', busy, async host => {
    const port = endedPort(host, isBack)
    const busyPort = port === null ? null : await emptied(run, host, port)
    for (const step of steps(host)) {
      const failure = busyPort ?? (await runStep(run, host, 'cool', step)).failure
      if (failure !== null) return isNeeded ? byHand(failure, port) : notCooled(run, host, failure)
    }
    return noneLeft(run, host, 'cool')
  })
}

/** The release is to run where this runs. */
function byHand(failure: HostFailure, port: number | null): HostFailure {
  return { ...failure, hint: `end what runs on port ${port} there, then: clonedeploy repair` }
}

/** What could not be ended stops no run. */
export function notCooled(run: Run, { name }: HostRun, { message }: HostFailure): null {
  run.warnings.push(
    `${name}: processes that were to be ended may still run: ${message}; to end them: clonedeploy repair`,
  )
  return null
}

async function ready(run: Run, host: HostRun): Promise<HostFailure | null> {
  for (const step of host.plan.warmReady) {
    run.emit({ type: 'host.start', phase: 'warm', step: 'ready', host: host.name })
    const began = performance.now()
    const { ok, note, output } = await checkHealth(host.session, step, run.stop)
    const failure: HostFailure | null = ok ? null : { phase: 'warm', step: 'ready', message: note, hint: null, output }
    const told = ok || run.stop.reason() === null ? note : 'stopped'
    ended(run, host, 'warm', 'ready', performance.now() - began, failure, told)
    if (failure !== null) return withLog(run, host, failure)
  }
  return null
}

async function lay(run: Run, host: HostRun): Promise<HostFailure | null> {
  const step = host.plan.laySwitch
  return step === null ? null : (await runStep(run, host, 'warm', step)).failure
}
