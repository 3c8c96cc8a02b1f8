import { type Balancer, stateOf } from '../../balancer/balancer.js'
import { placeIn } from '../../state/drains.js'
import type { Halt, HostRun, Run } from '../transaction/run.js'
import type { RunBalancers } from './balancer-state.js'
import { allowed, demandOurs, haltBy, isUp, recordAll, type Task, wordsOf } from './balancers.js'

/**
 * Hosts that could not be brought to the fleet's release: no new user shall meet them. Not where that would leave nobody,
 * or fewer than must stay: an old release is better than none. What cannot be done is said; nothing of it stops the run.
 */
export async function takeOut(run: Run, lost: readonly HostRun[]): Promise<void> {
  const { balancers } = run
  if (balancers === null || lost.length === 0) return
  const good = run.hosts.filter(host => !lost.includes(host))
  const tasks = await allowed(run, balancers, lost, 'drain', () => recordAll(run, balancers, 'drain', good))
  if ('reason' in tasks)
    return void run.warnings.push(`${namesOf(lost)} could not be taken out of service${whyOf(tasks)}`)
  for (const task of tasks) {
    try {
      const names = await drainIn(run, task, task.balancer, good)
      for (const host of task.hosts.filter(({ name }) => names.includes(name))) {
        balancers.drained.add(host.name)
        host.out = wordsOf(task.balancer, host.name)
      }
    } catch (error) {
      run.warnings.push(
        `${task.names.join(', ')} could not be taken out of service${whyOf(haltBy(balancers, 'drain', error))}`,
      )
    }
  }
}

/**
 * Hosts that the fleet leaves out serve an older release: when one boots, or is reached again, no user shall meet it before
 * it has rejoined. The same holds as for hosts that were lost.
 */
export async function takeOutExcluded(run: Run): Promise<void> {
  const { balancers, plan } = run
  for (const balancer of balancers?.absent ?? []) {
    const isOurs = (name: string) => !balancers?.others.has(placeIn(balancer.name, name))
    const names = balancer.hosts.filter(name => plan.excluded.includes(name) && isOurs(name))
    if (balancers === null || names.length === 0) continue
    const halt = await excludedFrom(run, balancers, balancer, names).catch(error => haltBy(balancers, 'drain', error))
    if (halt !== null) run.warnings.push(`${names.join(', ')} could not be taken out of service${whyOf(halt)}`)
  }
}

async function excludedFrom(run: Run, balancers: RunBalancers, balancer: Balancer, names: readonly string[]) {
  const halt = (await recordAll(run, balancers, 'drain')) ?? (await demandOurs(run))
  if (halt !== null) return halt
  const beside = balancers.balancers.find(({ name }) => name === balancer.name)
  for (const name of await drainIn(run, { balancer, names }, beside, run.hosts)) {
    const text = `${name} is out of ${wordsOf(balancer, name)} until it rejoins`
    run.emit({ type: 'note', level: 'info', host: null, text })
  }
  return null
}

/** Drains these hosts, where enough of `good` are left in that balancer (`beside`); returns those that are out then. */
async function drainIn(
  run: Run,
  { balancer, names }: Pick<Task, 'balancer' | 'names'>,
  beside: Balancer | undefined,
  good: readonly HostRun[],
): Promise<readonly string[]> {
  const before = await balancer.read(names)
  const serving = names.filter(name => ['ready', 'unknown'].includes(stateOf(before, name).state))
  if (serving.length > 0) {
    const others = good.map(({ name }) => name).filter(name => beside?.hosts.includes(name))
    const states = await beside?.read(others)
    const up = states === undefined ? 0 : others.filter(name => isUp(states, name)).length
    if (up < Math.max(1, run.plan.rollout.minUp)) {
      run.warnings.push(`${serving.join(', ')} stays in ${balancer.name}: only ${up} of the others would be left`)
      return []
    }
    await balancer.tell(serving, 'drain')
  }
  const after = await balancer.read(names)
  const still = names.filter(name => stateOf(after, name).state === 'ready')
  for (const name of still)
    run.warnings.push(`${name} is still in ${wordsOf(balancer, name)}, although it was told to drain`)
  return names.filter(name => !still.includes(name))
}

function whyOf({ reason, known }: Halt): string {
  return known ? '' : `: ${reason}`
}

function namesOf(hosts: readonly HostRun[]): string {
  return hosts.map(({ name }) => name).join(', ')
}
