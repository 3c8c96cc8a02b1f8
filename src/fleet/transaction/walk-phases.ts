import { isScript, stepsOf } from '../../plan/phase-order.js'
import type { OnFailure, PhaseName, PhasePlan } from '../../plan/plan.js'
import { drainAll } from '../balancer/drain.js'
import { readyAll } from '../balancer/undrain.js'
import { answerAlike } from '../health/answer-alike.js'
import type { Phase } from '../outcome.js'
import { unlessStopped } from '../stop.js'
import { announceAll } from '../store/announce.js'
import { concludeAll } from '../store/conclude.js'
import { forwardAll } from '../store/forward.js'
import { flipAll } from '../warm/flip.js'
import { switchAll } from '../warm/switch.js'
import { coolAll, homeAll, stillWarm, warmAll } from '../warm/warm.js'
import { bakeAll } from './bake.js'
import { passCanary } from './canary.js'
import { confirmAll, finishAll, pingAll } from './confirm.js'
import { lockAll } from './lock.js'
import { prepareAll } from './prepare.js'
import { healthOn, restartOn } from './restart-and-health.js'
import { type Halt, type HostRun, inPhase, moves, type Run, runStep } from './run.js'
import { stillSwapped } from './still-swapped.js'
import { armAll, swapAll } from './swap.js'

type Doer = (run: Run, hosts: readonly HostRun[], phase: PhasePlan) => Promise<Halt | null>

/** How each phase is done. */
const doers: Readonly<Record<PhaseName, Doer>> = {
  lock: lockAll,
  announce: announceAll,
  home: homeAll,
  prepare: prepareAll,
  // Whether a hook that runs once has run on a host that is lost, nobody knows.
  once: (run, hosts, phase) => stepsAs('prepare')({ ...run, without: null }, hosts, phase),
  look: (run, hosts) => stillSwapped(run, hosts),
  drain: (run, hosts, { batch }) => drainAll(run, hosts.filter(moves), batch),
  warm: warmAll,
  // What was ready may have died since.
  arm: async (run, hosts) => (await stillWarm(run, hosts)) ?? armAll(run, hosts),
  swap: swapAll,
  switch: async (run, hosts, phase) => (await switchAll(run, hosts, phase)) ?? flipAll(run, hosts, phase),
  restart: restartOn,
  health: healthOn,
  ready: (run, hosts) => readyAll(run, hosts.filter(moves), 'up'),
  canary: passCanary,
  same: answerAlike,
  bake: bakeAll,
  ping: pingAll,
  confirm: confirmAll,
  conclude: concludeAll,
  forward: forwardAll,
  cool: coolAll,
  finish: finishAll,
  prune: stepsAs('clean'),
  record: stepsAs('clean'),
}

/** Short, and half done they would leave more to mend than done. */
const unstoppable: readonly PhaseName[] = [
  'home',
  'swap',
  'ping',
  'confirm',
  'conclude',
  'forward',
  'cool',
  'finish',
  'prune',
  'record',
]

/** What stands around each phase: whether it is begun, and what a wish to stop does to it. */
export type Around = (run: Run, phase: PhasePlan, act: (run: Run) => Promise<Halt | null>) => Promise<Halt | null>

/** Does the phases whose failure means this, in the plan's order. The first that fails ends it. */
export async function walk(run: Run, onFailure: OnFailure, around: Around = orStop): Promise<Halt | null> {
  for (const phase of run.plan.phases.filter(one => one.onFailure === onFailure)) {
    const halt = await around(run, phase, to => doers[phase.name](to, hostsIn(to, phase), phase))
    if (halt !== null) return halt
  }
  return null
}

/** Of a phase that is no more than its scripts: each host runs its own, one after another. `told`: the phase in events. */
function stepsAs(told: Phase): Doer {
  return (run, hosts, phase) => {
    const busy = hosts.filter(({ plan }) => stepsOf(plan, phase).length > 0)
    return inPhase(run, told, busy, async host => {
      for (const step of stepsOf(host.plan, phase).filter(isScript)) {
        const { failure } = await runStep(run, host, told, step)
        if (failure !== null) return failure
      }
      return null
    })
  }
}

export function hostsIn({ hosts }: Run, phase: PhasePlan): readonly HostRun[] {
  return hosts.filter(({ name }) => phase.hosts.includes(name))
}

/** If a stop is asked for, closes the hosts' connections to end what is in progress; the clean-up opens new ones. */
const orStop: Around = async (run, phase, act) => {
  if (unstoppable.includes(phase.name)) return act(run)
  const acting = act(run)
  const done = await unlessStopped(run.stop, acting)
  if (done === null || !('stopped' in done)) return done
  const well = run.hosts.filter(({ failure }) => failure === null)
  for (const host of run.hosts) host.session.interrupt()
  await acting.catch(() => null)
  // These connections we closed ourselves: where it was stopped is all that their failures tell.
  const during = phase.name === 'bake' ? 'bake' : well.find(({ failure }) => failure !== null)?.failure?.phase
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
