import { setTimeout as sleep } from 'node:timers/promises'
import { stateOf } from '../../balancer/balancer.js'
import type { HostFailure } from '../outcome.js'
import { ended, type Halt, type HostRun, inPhase, type Run } from '../transaction/run.js'
import type { Service } from './balancer-state.js'
import { demandOurs, freshTasks, recordOver, type Task, tasksOf, tell, troubleOf, wordsOf } from './balancers.js'

/** What is asked of a host that is put back into service: only that the balancer says so, or also that it sends users to it. */
type Demand = 'told' | 'up'

/** Puts hosts back into service, all but those that somebody else had taken out; and waits until the balancer sends users there. */
export async function readyAll(run: Run, hosts: readonly HostRun[], demand: Demand): Promise<Halt | null> {
  const { service } = run
  if (service === null) return null
  const tasks = await allowed(run, service, hosts)
  if ('reason' in tasks) return tasks
  if (tasks.length === 0) return null
  const behind = hosts.filter(({ name }) => tasks.some(({ names }) => names.includes(name)))
  const told = new Map(tasks.map(task => [task, tell(task, 'ready')]))
  return inPhase(
    run,
    'ready',
    behind,
    async host => {
      run.emit({ type: 'host.start', phase: 'ready', step: 'ready', host: host.name })
      for (const task of tasks.filter(({ names }) => names.includes(host.name))) {
        const failure = (await told.get(task)) ?? (await served(run, service, task, host, demand))
        if (failure === null) continue
        if (service.drained.has(host.name)) host.out = wordsOf(task.balancer, host.name)
        return failure
      }
      service.drained.delete(host.name)
      host.out = null
      return null
    },
    done => `${done}/${behind.length} in service`,
  )
}

/**
 * At the end of a run: of these hosts, those that this run (or one that died) has drained are ready again; when that is
 * true of all hosts of the stage, it is recorded.
 */
export async function backInService(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { service } = run
  if (service === null || !(service.recorded || service.left !== null)) return null
  try {
    const away = await awayOf(service, hosts)
    for (const { name } of away) service.drained.add(name)
    const halt = away.length === 0 ? null : await readyAll(run, away, 'told')
    if (halt === null && service.whole && (await awayOf(service, run.hosts)).length === 0)
      await recordOver(run, service)
    return halt
  } catch (error) {
    return { reason: troubleOf('ready', error).message }
  }
}

/** A balancer that cannot be read is believed to be as this run has told it, or as one left it that died. */
export async function awayOf(service: Service, hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
  const away = new Set<HostRun>()
  for (const { hosts: behind, read } of await freshTasks(service, hosts)) {
    const states = await read()
    for (const host of behind) {
      const { state } = stateOf(states, host.name)
      const believed = service.drained.has(host.name) || (service.left !== null && !service.recorded)
      if (state === 'unknown' ? believed : state === 'drain') away.add(host)
    }
  }
  return [...away]
}

/** Whom may be put back now, or why nobody may; those who are still out then are known. */
async function allowed(run: Run, service: Service, hosts: readonly HostRun[]): Promise<readonly Task[] | Halt> {
  try {
    const tasks = await freshTasks(service, hosts)
    return (tasks.length === 0 ? null : await demandOurs(run)) ?? tasks
  } catch (error) {
    for (const { balancer, hosts: behind } of tasksOf(service, hosts))
      for (const host of behind.filter(({ name }) => service.drained.has(name))) host.out = wordsOf(balancer, host.name)
    return { reason: troubleOf('ready', error).message }
  }
}

async function served(run: Run, { limits }: Service, task: Task, host: HostRun, demand: Demand) {
  const began = performance.now()
  const where = wordsOf(task.balancer, host.name)
  const end = (failure: HostFailure | null, note: string) => {
    ended(run, host, 'ready', 'ready', performance.now() - began, failure, note)
    return failure
  }
  try {
    for (;;) {
      const { state, up } = stateOf(await task.read(), host.name)
      const told = state === 'ready' || state === 'unknown'
      if (told && up) return end(null, `in ${where}`)
      if (performance.now() - began > limits.readyTimeout) {
        const message = told
          ? `${where} sends no users to it: its own check says that it is down`
          : `${where} is still out of service`
        if (told && demand === 'told') {
          run.warnings.push(`${host.name}: ${message}`)
          return end(null, message)
        }
        return end({ phase: 'ready', step: 'ready', message, hint: null, output: [] }, message)
      }
      await sleep(250)
    }
  } catch (error) {
    const failure = troubleOf('ready', error)
    return end(failure, failure.message)
  }
}
