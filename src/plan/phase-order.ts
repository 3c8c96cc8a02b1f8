import type { Rollout } from './batches.js'
import type {
  HealthStep,
  HookStep,
  HostPlan,
  OnFailure,
  PhasePlan,
  Plan,
  ProcessStep,
  ScriptStep,
  Step,
} from './plan.js'

/** Makes all hosts ready, swaps them together or batch by batch, and confirms. A new phase takes its line here. */
export function swapPhases({
  hosts,
  rollout,
  bake,
  same,
  stored,
}: Pick<Plan, 'hosts' | 'rollout' | 'bake' | 'same' | 'stored'>): readonly PhasePlan[] {
  const all = together(hosts)
  const isWarm = hosts.some(({ warm }) => warm.length > 0)
  return [
    { name: 'lock', ...all, steps: ['lock'], onFailure: 'discard' },
    ...(stored === null ? [] : [{ name: 'announce', ...all, steps: [], onFailure: 'discard' } as const]),
    ...home(hosts, 'discard'),
    { name: 'prepare', ...all, steps: ['prepare', 'links'], onFailure: 'discard' },
    { name: 'once', ...all, steps: ['once'], onFailure: 'discard' },
    ...(isWarm ? [{ name: 'warm', ...all, steps: ['warm', 'warmReady'], onFailure: 'discard' } as const] : []),
    ...rollout.batches.flatMap((_, i) => [...swapBatch(rollout, i, isWarm), ...bakeBatch(rollout, bake, i)]),
    ...(same.length === 0 ? [] : [{ name: 'same', ...all, steps: [], onFailure: 'restore' } as const]),
    ...(bake === null ? [] : [{ name: 'bake', ...all, steps: [], onFailure: 'restore' } as const]),
    ...(rollout.batches.length > 1 ? [look(all.hosts)] : []),
    { name: 'ping', ...all, steps: [], onFailure: 'restore' },
    { name: 'confirm', ...all, steps: ['confirm'], onFailure: 'repair' },
    ...(stored === null ? [] : [{ name: 'conclude', ...all, steps: [], onFailure: 'end' } as const]),
    ...(isWarm ? [{ name: 'cool', ...all, steps: ['cool', 'processes'], onFailure: 'end' } as const] : []),
    { name: 'finish', ...all, steps: ['prune', 'record', 'finish'], onFailure: 'end' },
  ]
}

/** Serves again what is served, all together or batch by batch. */
export function restartPhases({ hosts, rollout }: Pick<Plan, 'hosts' | 'rollout'>): readonly PhasePlan[] {
  const isWarm = hosts.some(({ warm }) => warm.length > 0)
  const all = together(hosts)
  const batches = rollout.batches.flatMap((_, i) => [
    ...drain(rollout, i, 'end'),
    ...(isWarm ? [{ name: 'switch', ...batchOf(rollout, i), steps: ['switch'], onFailure: 'end' } as const] : []),
    ...serveBatch(rollout, i, 'end', isWarm),
  ])
  if (!isWarm) return [...lockPhases({ hosts }), ...batches]
  return [
    ...lockPhases({ hosts }),
    ...home(hosts, 'end'),
    { name: 'warm', ...all, steps: ['warm', 'warmReady'], onFailure: 'end' },
    ...batches,
    { name: 'cool', ...all, steps: ['cool', 'processes'], onFailure: 'end' },
  ]
}

/** What needs the locks of all hosts, and no swap. */
export function lockPhases(
  { hosts }: Pick<Plan, 'hosts'>,
  ...then: readonly ('prepare' | 'prune' | 'record')[]
): readonly PhasePlan[] {
  const all = together(hosts)
  const steps = { prepare: ['prepare', 'links'], prune: ['prune'], record: ['record'] } as const
  const isLeft = hosts.some(({ leftWarm, flip }) => leftWarm.length > 0 && flip === null)
  return [
    { name: 'lock', ...all, steps: ['lock'], onFailure: 'discard' },
    ...(then.includes('prune') ? home(hosts, 'end') : []),
    ...(isLeft ? [{ name: 'cool', ...all, steps: ['leftWarm'], onFailure: 'end' } as const] : []),
    ...then.map(name => ({ name, ...all, steps: steps[name], onFailure: 'end' }) as const),
  ]
}

export type AnyStep = Step | HealthStep | ProcessStep

/** What a host runs in a phase, one after another. */
export function stepsOf(host: HostPlan, phase: PhasePlan): readonly AnyStep[] {
  return phase.steps.flatMap((name): readonly AnyStep[] => [host[name] ?? []].flat())
}

export function isScript(step: AnyStep): step is ScriptStep | HookStep {
  return step.kind === 'script' || step.kind === 'hook'
}

/** Users are where `current` says, and nothing else runs: before anything is started on the idle ports. */
function home(hosts: readonly HostPlan[], onFailure: OnFailure): readonly PhasePlan[] {
  const ported = hosts.filter(({ flip }) => flip !== null)
  return ported.length === 0 ? [] : [{ name: 'home', ...together(ported), steps: ['leftWarm'], onFailure }]
}

/** Arming comes right before the swap, because an armed host waits only until its deadline. */
function swapBatch(rollout: Rollout, i: number, isWarm: boolean): readonly PhasePlan[] {
  const earlier = rollout.batches.slice(0, i).flat()
  const onFailure = i === 0 ? 'discard' : 'restore'
  return [
    ...(i === 0 ? [] : [look(earlier)]),
    ...drain(rollout, i, onFailure),
    { name: 'arm', ...batchOf(rollout, i), steps: ['arm'], onFailure },
    { name: 'swap', ...batchOf(rollout, i), steps: [], onFailure: 'restore' },
    ...(isWarm ? [{ name: 'switch', ...batchOf(rollout, i), steps: ['switch'], onFailure: 'restore' } as const] : []),
    ...serveBatch(rollout, i, 'restore', isWarm),
  ]
}

/** The hosts that have swapped so far bake before the next batch follows; all of them do at the end, whatever is asked. */
function bakeBatch(rollout: Rollout, bake: Plan['bake'], i: number): readonly PhasePlan[] {
  if (bake?.perBatch !== true || i === rollout.batches.length - 1) return []
  const hosts = rollout.batches.slice(0, i + 1).flat()
  return [{ name: 'bake', hosts, batch: batchOf(rollout, i).batch, steps: [], onFailure: 'restore' }]
}

/** Serves a swapped batch before the next one follows. */
function serveBatch(rollout: Rollout, i: number, onFailure: OnFailure, isWarm = false): readonly PhasePlan[] {
  const { batches, canary, drains } = rollout
  const batch = batchOf(rollout, i)
  const soFar = { hosts: batches.slice(0, i + 1).flat(), batch: '' }
  return [
    { name: 'restart', ...batch, steps: ['restart'], onFailure },
    { name: 'health', ...batch, steps: isWarm ? ['health'] : ['health', 'processes'], onFailure },
    ...(drains ? [{ name: 'ready', ...batch, steps: [], onFailure } as const] : []),
    ...(canary?.batches === i + 1 ? [{ name: 'canary', ...soFar, steps: ['canaryCheck'], onFailure } as const] : []),
  ]
}

function drain(rollout: Rollout, i: number, onFailure: OnFailure): readonly PhasePlan[] {
  return rollout.drains ? [{ name: 'drain', ...batchOf(rollout, i), steps: [], onFailure }] : []
}

/** Whether those that have swapped are still as they were left, while others take their turn. */
function look(hosts: readonly string[]): PhasePlan {
  return { name: 'look', hosts, batch: '', steps: [], onFailure: 'restore' }
}

function together(hosts: readonly HostPlan[]) {
  return { hosts: hosts.map(({ host }) => host.name), batch: '' }
}

function batchOf({ batches }: Rollout, i: number) {
  const hosts = batches[i] ?? []
  return { hosts, batch: batches.length === 1 ? '' : `batch ${i + 1} of ${batches.length}: ${hosts.join(', ')}` }
}
