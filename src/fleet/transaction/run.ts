import type { Payload } from '../../artifact/artifact.js'
import type { Moment } from '../../balancer/balancer.js'
import type { Files, RunResult, Waiting } from '../../connection/connection.js'
import type { HookStep, HostPlan, Plan, ScriptStep } from '../../plan/plan.js'
import { named } from '../../text/phrases.js'
import type { RunBalancers } from '../balancer/balancer-state.js'
import { onEach } from '../each-host.js'
import type { Emit } from '../events.js'
import { failureOf } from '../failure.js'
import type { HostFailure, Phase } from '../outcome.js'
import { outputLines } from '../output-lines.js'
import type { Session } from '../session.js'
import { type Stop, stopIn } from '../stop.js'
import type { RunStore } from '../store/run-store.js'
import { type SentAhead, takeSentAhead } from './sent-ahead.js'

/** A run in progress: the plan, and what is known of each host so far. Only `fleet/` sees it. */
export interface Run {
  /** These four change when the run goes on without hosts that are gone. */
  plan: Plan
  hosts: readonly HostRun[]
  /** The same hosts in the order in which they swap. */
  batches: readonly (readonly HostRun[])[]
  readonly gone: HostRun[]
  readonly emit: Emit
  readonly stop: Stop
  readonly concurrency: number
  readonly payload: (baseDigest: string | null) => Promise<Payload>
  /** Keep the new release in place even if it fails after the swap. */
  readonly keepOnFailure: boolean
  /** The load balancers before the hosts; null: none that we know of. */
  readonly balancers: RunBalancers | null
  /** Null: there is none, or it is not told of this run. */
  readonly store: RunStore | null
  /** Of hosts that failed, those for which the run stops: it may go on without some that are gone. Null: it goes on without none. */
  readonly without: ((run: Run, phase: Phase, failed: readonly HostRun[]) => Promise<readonly HostRun[]>) | null
  /** Asks a person yes or no. */
  readonly ask: (question: string) => Promise<boolean>
  readonly warnings: string[]
  /** When each host swapped. */
  readonly swaps: Span[]
  swapWindowMs: number | null
  /** When each host, or the balancer for all of them, gave the traffic to a warm release. */
  readonly switches: Span[]
  switchWindowMs: number | null
}

/** The interval in which something happened, in milliseconds of our clock. */
export type Span = Moment

/** What waits on a host for the word to swap. */
export interface Armed {
  readonly waiting: Waiting
  /** SFTP that can rename `current` without starting a program; null if it does not see the link that it would rename. */
  readonly files: Files | null
  /** Milliseconds of the shortest round trip, measured just before the swap. */
  readonly roundTripMs: number
  /** The moment (milliseconds since the epoch) before which the host's own deadline has surely not passed. */
  readonly safeUntil: number
}

export interface HostRun {
  readonly name: string
  plan: HostPlan
  readonly session: Session
  /** Null before its dead-man's switch runs, and once the word is not waited for any more. */
  armed: Armed | null
  /** Results of scripts that were sent before their step began. */
  sentAhead: SentAhead | null
  locked: boolean
  /** It was told to swap, or may have been. */
  swapBegun: boolean
  /** What `current` was when it was last read; `unknown` while a change is in progress or its answer was lost. */
  current: { readonly kind: 'known'; readonly target: string | null } | { readonly kind: 'unknown' }
  /** When the host last said that it holds our lock, in milliseconds of our clock. */
  heard: number
  confirmed: boolean
  /** The release was started beside the one that has the traffic, or may have been. */
  warmed: boolean
  /** Its users were sent to the release on its idle port, or may have been. */
  flipped: boolean
  healthy: boolean | null
  tree: string | null
  failure: HostFailure | null
  /** Where it was lost, and why, when the run goes on without it. */
  gone: { readonly phase: Phase; readonly message: string } | null
  /** The balancer that it is out of when the run ends: `HAProxy web/web-3`. */
  out: string | null
}

/** Why a run stopped. Each failed host keeps its own failure. */
export interface Halt {
  readonly reason: string
  /** Somebody wished to stop; no host failed. */
  readonly onRequest?: true
  /** The run has met the reason before, and told it. */
  readonly known?: true
  /** What to run, where no host says it. */
  readonly next?: readonly string[]
}

/** Runs one phase on these hosts, emits its events and keeps each host's failure. Null if all succeeded. */
export async function inPhase(
  run: Run,
  phase: Phase,
  hosts: readonly HostRun[],
  act: (host: HostRun) => Promise<HostFailure | null>,
  note: (done: number) => string = done => `${done}/${hosts.length}`,
  title = '',
): Promise<Halt | null> {
  if (hosts.length === 0) return null
  const began = performance.now()
  run.emit({ type: 'phase.start', phase, ...(title === '' ? {} : { note: title }) })
  const failed = await onAll(run, phase, hosts, act)
  endPhase(run, phase, began, failed, note(doneOf(hosts, failed)))
  return failed.length === 0 ? null : haltOf(failed)
}

/** The same, but emits events only if a host fails. */
export async function inSilence(
  run: Run,
  phase: Phase,
  hosts: readonly HostRun[],
  act: (host: HostRun) => Promise<HostFailure | null>,
): Promise<Halt | null> {
  const began = performance.now()
  const failed = await onAll(run, phase, hosts, act)
  if (failed.length === 0) return null
  run.emit({ type: 'phase.start', phase })
  for (const host of failed) {
    const { step, message } = host.failure as HostFailure
    ended(run, host, phase, step, performance.now() - began, host.failure, message)
  }
  endPhase(run, phase, began, failed, `${doneOf(hosts, failed)}/${hosts.length}`)
  return haltOf(failed)
}

function doneOf(hosts: readonly HostRun[], failed: readonly HostRun[]): number {
  return hosts.filter(host => host.gone === null && !failed.includes(host)).length
}

const together: readonly Phase[] = ['swap', 'switch', 'confirm', 'rollback']

/** Acts on all hosts and returns those that failed, but for those that the run goes on without. Some phases go to all hosts at once, whatever the concurrency. */
async function onAll(
  run: Run,
  phase: Phase,
  hosts: readonly HostRun[],
  act: (host: HostRun) => Promise<HostFailure | null>,
) {
  const there = hosts.filter(({ gone }) => gone === null)
  const atOnce = together.includes(phase) ? there.length : run.concurrency
  const failures = await onEach(there, atOnce, async host => {
    const failure = await act(host)
    if (failure !== null) host.failure = failure
    return failure
  })
  const failed = there.filter((_, i) => failures[i] !== null)
  return stopping(run, phase, failed)
}

/** Of hosts that failed, those for which the run stops. On the way back, none may be missing. */
export async function stopping(run: Run, phase: Phase, failed: readonly HostRun[]): Promise<readonly HostRun[]> {
  if (failed.length === 0 || run.without === null || phase === 'rollback') return failed
  return run.without(run, phase, failed)
}

function endPhase(run: Run, phase: Phase, began: number, failed: readonly HostRun[], note: string): void {
  run.emit({ type: 'phase.end', phase, ok: failed.length === 0, ms: performance.now() - began, note })
}

/** Runs one step on one host and emits its events. Returns the failure, or null, and the result. */
export async function runStep(
  run: Run,
  host: HostRun,
  phase: Phase,
  step: ScriptStep | HookStep,
  note: (result: RunResult) => string = () => step.text,
): Promise<{ readonly failure: HostFailure | null; readonly result: RunResult }> {
  const early = takeSentAhead(host, step.script.name)
  if (early === null) run.emit({ type: 'host.start', phase, step: step.name, host: host.name })
  const lines = outputLines((stream, line) =>
    run.emit({ type: 'output', host: host.name, step: step.name, stream, line }),
  )
  const result =
    early ??
    (await host.session.run(step.script, {
      timeout: step.timeout,
      ...(step.kind === 'hook' ? { endless: true, onOutput: lines.write } : {}),
    }))
  lines.end()
  const failure =
    result.code === 0 ? null : failureOf({ phase, step: step.name, text: step.text, timeout: step.timeout }, result)
  const cut = result.code === null && stopIn(phase, run.stop).reason() !== null
  const told = failure === null ? note(result) : cut ? 'stopped' : failure.message
  ended(run, host, phase, step.name, result.ms, failure, told)
  return { failure, result }
}

export function ended(
  run: Run,
  host: HostRun,
  phase: Phase,
  step: string,
  ms: number,
  failure: HostFailure | null,
  note: string,
): void {
  run.emit({
    type: 'host.end',
    phase,
    step,
    host: host.name,
    ok: failure === null,
    ms,
    note,
    release: run.plan.release,
  })
}

export function haltOf(failed: readonly HostRun[]): Halt {
  const first = failed[0] as HostRun
  const more =
    failed.length > 1
      ? ` (and ${failed.length - 1} more: ${failed
          .slice(1)
          .map(({ name }) => name)
          .join(', ')})`
      : ''
  return { reason: `${named(first.name, first.failure?.message ?? 'failed')}${more}` }
}

/** Whether the host must be drained for its swap: not if it serves the release already. */
export function moves({ plan }: HostRun): boolean {
  return plan.stays !== true
}

export function known(target: string | null): HostRun['current'] {
  return { kind: 'known', target }
}

/** The hosts of a run in the order in which its plan takes them. */
export function batchesOf({ rollout }: Plan, hosts: readonly HostRun[]): Run['batches'] {
  return rollout.batches.map(names => hosts.filter(({ name }) => names.includes(name)))
}
