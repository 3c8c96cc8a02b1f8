import { type AnyStep, stepsOf } from '../../plan/phase-order.js'
import type { HostPlan, PhaseName, PhasePlan, Plan } from '../../plan/plan.js'
import { formatDuration } from '../../text/duration.js'
import { listed } from '../../text/phrases.js'
import type { DryRunStep } from './plan.js'

/** What a run would do, phase by phase, as its plan lists them; what batches do alike is said once. `before`: lines of a caller. */
export function planSteps(
  plan: Plan,
  before: { readonly [phase in PhaseName]?: readonly DryRunStep[] } = {},
): readonly DryRunStep[] {
  const names = [...new Set(plan.phases.map(({ name }) => name))]
  const firstInTurn = plan.phases.find(({ batch }) => batch !== '')?.name
  return names.flatMap(name => [
    ...(before[name] ?? []),
    ...(name === firstInTurn ? batchSteps(plan) : []),
    ...phaseSteps(
      plan,
      plan.phases.filter(phase => phase.name === name),
    ),
  ])
}

/** `phases`: one, or the same of each batch. */
function phaseSteps(plan: Plan, phases: readonly PhasePlan[]): readonly DryRunStep[] {
  const [phase] = phases as [PhasePlan]
  switch (phase.name) {
    case 'announce':
      return storeSteps(plan, release => `keep the files of ${release} in it, and that the run is at work`)
    case 'conclude':
    case 'forward':
      return storeSteps(plan, release => `say in it that the fleet serves ${release}`)
    case 'drain':
      return balancerSteps(plan, balancer => `out of ${balancer}, until its sessions have ended`)
    case 'ready':
      return balancerSteps(plan, balancer => `back into ${balancer}, until it sends users there`)
    case 'canary':
      return canarySteps(plan, phase)
    case 'same':
      return sameSteps(plan, phase)
    case 'bake':
      return bakeSteps(plan, phases)
    case 'switch':
      return [...hostSteps(plan, phase, inAny(plan, phases)), ...flipSteps(plan, inAny(plan, phases))]
    default:
      return hostSteps(plan, phase, inAny(plan, phases))
  }
}

function storeSteps({ stored }: Plan, text: (release: string) => string): readonly DryRunStep[] {
  return stored === null ? [] : [{ mark: '!', where: stored.store, text: text(stored.target.release) }]
}

function inAny({ hosts }: Plan, phases: readonly PhasePlan[]): readonly HostPlan[] {
  return hosts.filter(({ host }) => phases.some(phase => phase.hosts.includes(host.name)))
}

/** Each step once, with the hosts that take it. */
function hostSteps(plan: Plan, phase: PhasePlan, hosts: readonly HostPlan[]): readonly DryRunStep[] {
  const found = new Map<string, { readonly at: number; readonly text: string; readonly names: string[] }>()
  for (const host of hosts)
    for (const [at, step] of stepsOf(host, phase).entries()) {
      const text = `${step.text}${aside(plan, phase, step)}`
      const twice = stepsOf(host, phase)
        .slice(0, at)
        .filter(one => one.text === step.text).length
      const { names } = found.get(`${twice} ${text}`) ?? { names: [] }
      found.set(`${twice} ${text}`, { at, text, names: [...names, host.host.name] })
    }
  const inOrder = [...found.values()].sort((a, b) => a.at - b.at)
  return inOrder.map(({ text, names }) => ({ mark: '!', where: whereOf(plan, phase, names), text }))
}

function whereOf({ hosts }: Plan, { name }: PhasePlan, names: readonly string[]): string {
  return names.length === hosts.length && name !== 'once' ? 'each' : listed(names)
}

function aside(plan: Plan, phase: PhasePlan, step: AnyStep): string {
  if (step.kind === 'health') return `, ${otherwise(plan, phase)}`
  if (step.kind === 'processes') return step.old === 'fail' ? `, ${otherwise(plan, phase)}` : ', else a warning'
  if (phase.name === 'once') return '     (once, on this host)'
  return phase.batch === '' ? '' : inTurn(plan)
}

/** What the failure of a phase means. */
function otherwise({ command, hosts }: Plan, { onFailure }: PhasePlan): string {
  switch (onFailure) {
    case 'discard':
      return 'else nothing is swapped'
    case 'restore':
      return `else all ${hosts.length} hosts go back`
    case 'repair':
      return 'else the fleet needs a repair'
    case 'end':
      return `else the ${command} ends there`
  }
}

/** Who goes with whom, where not all go at once. */
function batchSteps({ rollout: { batches } }: Plan): readonly DryRunStep[] {
  return batches.map((names, i) => ({ mark: '!', where: `batch ${i + 1}`, text: names.join(', ') }))
}

function inTurn({ rollout: { batches, balancers } }: Plan): string {
  const most = Math.max(...batches.map(names => names.length))
  const drained = balancers[0] === undefined ? '' : `, drained in ${balancers[0].brand}`
  return `     (${most === 1 ? 'one host at a time' : 'batch by batch'}${drained})`
}

function balancerSteps({ rollout }: Plan, text: (balancer: string) => string): readonly DryRunStep[] {
  return rollout.balancers.map(({ name }) => ({ mark: '!', where: 'each', text: text(name) }))
}

/** What a balancer is told of the hosts that have two ports. */
function flipSteps(plan: Plan, hosts: readonly HostPlan[]): readonly DryRunStep[] {
  const ports = [...new Set(hosts.flatMap(({ flip }) => (flip === null ? [] : [flip.to])))]
  if (ports.length === 0) return []
  const to = ports.length === 1 ? `port ${ports[0]}` : 'the other port of each host'
  const { balancers } = plan.rollout
  const told = balancers.length === 0 ? [{ name: 'the balancer', brand: '' }] : balancers
  return told.map(({ name, brand }) => {
    const how = brand === 'nginx' ? 'by one reload' : 'all at once'
    return { mark: '!', where: 'each', text: `${name}: users → ${to}, ${how}` }
  })
}

function canarySteps(plan: Plan, phase: PhasePlan): readonly DryRunStep[] {
  const { canary } = plan.rollout
  if (canary === null) return []
  const { pause, check, confirm } = canary
  const where = phase.hosts.join(', ')
  return [
    ...(pause === 0 ? [] : [{ where, text: `serve alone for ${pause / 1000}s` }]),
    ...(check === null
      ? []
      : [{ where: check.on === 'here' ? 'local' : where, text: `${check.run}, ${otherwise(plan, phase)}` }]),
    ...(confirm ? [{ where: 'you', text: 'say whether the others follow' }] : []),
  ].map(step => ({ mark: '!' as const, ...step }))
}

function sameSteps(plan: Plan, phase: PhasePlan): readonly DryRunStep[] {
  return plan.same.map(({ text }) => ({
    mark: '!' as const,
    where: 'each',
    text: `${text} = the same answer from all, ${otherwise(plan, phase)}`,
  }))
}

function bakeSteps(plan: Plan, phases: readonly PhasePlan[]): readonly DryRunStep[] {
  const { bake } = plan
  const [last] = phases.slice(-1)
  if (bake === null || last === undefined) return []
  const long = formatDuration(bake.for)
  const when = phases.length > 1 ? 'after each batch, the last time before' : 'before'
  const back = otherwise(plan, last)
  const asked = bake.check && `${bake.check.text}, every ${formatDuration(bake.every)}, ${back}`
  return [
    { mark: '!', where: 'each', text: `serve for ${long} ${when} the release is confirmed, ${back}` },
    ...(asked === null ? [] : [{ mark: '!', where: 'local', text: asked } as const]),
  ]
}
