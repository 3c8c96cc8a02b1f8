import { stateOf } from '../balancer/balancer.js'
import type { HostFailure } from './outcome.js'
import { ended, type Halt, type HostRun, inPhase, type Run } from './run.js'
import { demandOurs, recordOver, type Service, type Task, tasksOf, troubleOf, wordsOf } from './service.js'

/** What is asked of a host that is put back into service: only that the balancer says so, or also that it sends users to it. */
type Demand = 'told' | 'up'

/** Puts hosts back into service, all but those that somebody else had taken out; and waits until the balancer sends users there. */
export async function readyAll(run: Run, hosts: readonly HostRun[], demand: Demand): Promise<Halt | null> {
  const { service } = run
  if (service === null) return null
  const tasks = tasksOf(service, hosts)
  if (tasks.length === 0) return null
  const halt = await demandOurs(run)
  if (halt !== null) return halt
  const behind = hosts.filter(({ name }) => tasks.some(({ names }) => names.includes(name)))
  const told = new Map(tasks.map(task => [task, tell(task)]))
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
  if (service === null || !(service.recorded || service.owed)) return null
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
  for (const { hosts: behind, read } of tasksOf(service, hosts)) {
    const states = await read()
    for (const host of behind) {
      const { state } = stateOf(states, host.name)
      const believed = service.drained.has(host.name) || (service.owed && !service.recorded)
      if (state === 'unknown' ? believed : state !== 'ready') away.add(host)
    }
  }
  return [...away]
}

async function tell({ balancer, names }: Task): Promise<HostFailure | null> {
  return balancer.tell(names, 'ready').then(
    () => null,
    error => troubleOf('ready', error),
  )
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
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  } catch (error) {
    const failure = troubleOf('ready', error)
    return end(failure, failure.message)
  }
}
