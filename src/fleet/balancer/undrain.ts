import { stateOf } from '../../balancer/balancer.js'
import type { Halt, HostRun, Run } from '../transaction/run.js'
import type { RunBalancers } from './balancer-state.js'
import { allowed, freshTasks, haltBy, recordOver, type Task, tasksOf, wordsOf } from './balancers.js'
import { type Look, tellAndWait } from './tell-and-wait.js'

/** What is asked of a host that is put back into service: only that the balancer says so, or also that it sends users to it. */
type Demand = 'told' | 'up'

/** Puts hosts back into service, all but those that somebody else had taken out; and waits until the balancer sends users there. */
export async function readyAll(run: Run, hosts: readonly HostRun[], demand: Demand): Promise<Halt | null> {
  const { balancers } = run
  if (balancers === null) return null
  const tasks = await allowed(run, balancers, hosts, 'ready')
  if ('reason' in tasks) {
    nameOut(balancers, hosts)
    return tasks
  }
  if (tasks.length === 0) return null
  const { drained, back, limits } = balancers
  const look: Look = async ({ state, up }, waited, { balancer }, { name }) => {
    const where = wordsOf(balancer, name)
    const told = state === 'ready' || state === 'unknown'
    if (told && up) return { ok: true, note: `in ${where}` }
    if (waited <= limits.readyTimeout) return null
    if (!told) return { ok: false, note: `${where} is still out of service` }
    const note = `${where} sends no users to it: its own check says that it is down`
    if (demand === 'told') run.warnings.push(`${name}: ${note}`)
    return { ok: demand === 'told', note }
  }
  const onEnd = (host: HostRun, failed: Task | null) => {
    if (failed === null) {
      if (drained.delete(host.name)) back.set(host.name, placesOf(tasks, host))
      host.out = null
    } else if (drained.has(host.name)) host.out = wordsOf(failed.balancer, host.name)
  }
  return tellAndWait(run, { phase: 'ready', tasks, hosts, done: 'in service', look, onEnd })
}

function placesOf(tasks: readonly Task[], { name }: HostRun): string {
  const behind = tasks.filter(({ names }) => names.includes(name))
  return behind.map(({ balancer }) => wordsOf(balancer, name)).join(', ')
}

/**
 * At the end of a run: of these hosts, those that this run (or one that died) has drained are ready again; when that is
 * true of all hosts of the stage, it is recorded.
 */
export async function backInService(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { balancers } = run
  if (balancers === null || !(balancers.recorded || balancers.left !== null)) return null
  try {
    const out = await outOfService(balancers, hosts)
    for (const { name } of out) balancers.drained.add(name)
    const halt = out.length === 0 ? null : await readyAll(run, out, 'told')
    if (halt === null && balancers.whole && (await outOfService(balancers, run.hosts)).length === 0)
      await recordOver(run, balancers)
    return halt
  } catch (error) {
    return haltBy(balancers, 'ready', error)
  }
}

/** Where a run goes back, what an earlier one has drained and does not serve what the fleet is to serve stays out: no user shall meet it. */
export function mayServe({ balancers, plan }: Run): (host: HostRun) => boolean {
  return ({ name, plan: { oldRelease } }) =>
    !balancers?.drainedBefore.has(name) || plan.target === null || oldRelease === plan.target
}

/** A balancer that cannot be read is believed to be as this run has told it, or as one left it that died. */
export async function outOfService(balancers: RunBalancers, hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
  const out = new Set<HostRun>()
  for (const { hosts: behind, read } of await freshTasks(balancers, hosts)) {
    const states = await read()
    for (const host of behind) {
      const { state } = stateOf(states, host.name)
      const believed = balancers.drained.has(host.name) || (balancers.left !== null && !balancers.recorded)
      if (state === 'unknown' ? believed : state === 'drain') out.add(host)
    }
  }
  return [...out]
}

/** Those of these hosts that this run has drained stay out. */
function nameOut(balancers: RunBalancers, hosts: readonly HostRun[]): void {
  for (const { balancer, hosts: behind } of tasksOf(balancers, hosts))
    for (const host of behind.filter(({ name }) => balancers.drained.has(name))) host.out = wordsOf(balancer, host.name)
}
