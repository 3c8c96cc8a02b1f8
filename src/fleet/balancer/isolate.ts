import { stateOf } from '../../balancer/balancer.js'
import type { Halt, HostRun, Run } from '../transaction/run.js'
import type { RunBalancers } from './balancer-state.js'
import { allowed, haltBy, isUp, recordAll, type Task, wordsOf } from './balancers.js'

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
      await takeOutOf(run, balancers, task, good)
    } catch (error) {
      run.warnings.push(
        `${task.names.join(', ')} could not be taken out of service${whyOf(haltBy(balancers, 'drain', error))}`,
      )
    }
  }
}

async function takeOutOf(
  run: Run,
  balancers: RunBalancers,
  { balancer, hosts, names, read }: Task,
  good: readonly HostRun[],
) {
  const before = await read()
  const serving = names.filter(name => ['ready', 'unknown'].includes(stateOf(before, name).state))
  if (serving.length > 0) {
    const others = good.map(({ name }) => name).filter(name => balancer.hosts.includes(name))
    const states = await balancer.read(others)
    const up = others.filter(name => isUp(states, name)).length
    if (up < Math.max(1, run.plan.rollout.minUp))
      return void run.warnings.push(
        `${serving.join(', ')} stays in ${balancer.name}: only ${up} of the others would be left`,
      )
    await balancer.tell(serving, 'drain')
  }
  const after = await balancer.read(names)
  for (const host of hosts) {
    if (stateOf(after, host.name).state === 'ready') {
      run.warnings.push(`${host.name} is still in ${wordsOf(balancer, host.name)}, although it was told to drain`)
      continue
    }
    balancers.drained.add(host.name)
    host.out = wordsOf(balancer, host.name)
  }
}

function whyOf({ reason, known }: Halt): string {
  return known ? '' : `: ${reason}`
}

function namesOf(hosts: readonly HostRun[]): string {
  return hosts.map(({ name }) => name).join(', ')
}
