import type { Plan } from '../../plan/plan.js'
import type { DryRunStep } from '../../render/reports/plan.js'
import type { Served } from '../context/balancers.js'

/** Who goes with whom, where not all go at once. */
export function batchSteps({ rollout: { batches } }: Plan): readonly DryRunStep[] {
  if (batches.length === 1) return []
  return batches.map((names, i) => ({ mark: '!', where: `batch ${i + 1}`, text: names.join(', ') }))
}

/** What is said of a step that not all hosts do at once. */
export function inTurn({ rollout: { batches } }: Plan, { balancers }: Served): string {
  if (batches.length === 1) return ''
  const most = Math.max(...batches.map(names => names.length))
  const drained = balancers[0] === undefined ? '' : `, drained in ${balancers[0].balancer.brand}`
  return `     (${most === 1 ? 'one host at a time' : 'batch by batch'}${drained})`
}

/** Only in batches: of all hosts at once nobody could be drained. */
export function drainSteps(
  { rollout }: Plan,
  { balancers }: Served,
  way: 'out of' | 'back into',
): readonly DryRunStep[] {
  if (rollout.batches.length === 1) return []
  const until = way === 'out of' ? ', until its sessions have ended' : ', until it sends users there'
  return balancers.map(({ balancer }) => ({ mark: '!', where: 'each', text: `${way} ${balancer.name}${until}` }))
}

/** What comes between the first hosts and the others; `otherwise`: what a bad check means. */
export function canarySteps({ rollout: { batches, canary } }: Plan, otherwise: string): readonly DryRunStep[] {
  if (canary === null) return []
  const { pause, check, confirm } = canary
  const where = batches.slice(0, canary.batches).flat().join(', ')
  return [
    ...(pause === 0 ? [] : [{ where, text: `serve alone for ${pause / 1000}s` }]),
    ...(check === null ? [] : [{ where: check.on === 'here' ? 'local' : where, text: `${check.run}, ${otherwise}` }]),
    ...(confirm ? [{ where: 'you', text: 'say whether the others follow' }] : []),
  ].map(step => ({ mark: '!' as const, ...step }))
}
