import { setTimeout as sleep } from 'node:timers/promises'
import { stateOf } from '../../balancer/balancer.js'
import type { HostFailure } from '../outcome.js'
import { ended, type Halt, type HostRun, inPhase, type Run } from '../transaction/run.js'
import type { RunBalancers } from './balancer-state.js'
import { demandOurs, freshTasks, recordAll, type Task, tell, troubleOf, wordsOf } from './balancers.js'

/** Takes hosts out of service, never more than leaves `minUp`, and waits until their users are gone, for as long as it may take. */
export async function drainAll(run: Run, hosts: readonly HostRun[], title: string): Promise<Halt | null> {
  const { balancers } = run
  if (balancers === null) return null
  const tasks = await allowed(run, balancers, hosts)
  if ('reason' in tasks) return tasks
  if (tasks.length === 0) return null
  const behind = hosts.filter(({ name }) => tasks.some(({ names }) => names.includes(name)))
  for (const { name } of behind) balancers.drained.add(name)
  const told = new Map(tasks.map(task => [task, tell(task, 'drain')]))
  return inPhase(
    run,
    'drain',
    behind,
    async host => {
      run.emit({ type: 'host.start', phase: 'drain', step: 'drain', host: host.name })
      for (const task of tasks.filter(({ names }) => names.includes(host.name))) {
        const failure = (await told.get(task)) ?? (await drained(run, balancers, task, host))
        if (failure !== null) return failure
      }
      return null
    },
    done => `${done}/${behind.length} drained`,
    title,
  )
}

/** What may be drained now, or why nothing may. */
async function allowed(run: Run, balancers: RunBalancers, hosts: readonly HostRun[]): Promise<readonly Task[] | Halt> {
  try {
    const tasks = await freshTasks(balancers, hosts)
    if (tasks.length === 0) return tasks
    const halt = (await recordAll(run, balancers, 'drain')) ?? (await demandUp(run, tasks)) ?? (await demandOurs(run))
    return halt ?? tasks
  } catch (error) {
    return { reason: troubleOf('drain', error).message }
  }
}

/** It is read again right before: somebody may have taken out others since the batches were made. */
async function demandUp(run: Run, tasks: readonly Task[]): Promise<Halt | null> {
  const { minUp } = run.plan.rollout
  if (minUp === 0) return null
  for (const { balancer, names } of tasks) {
    const states = await balancer.read(run.hosts.map(({ name }) => name).filter(name => balancer.hosts.includes(name)))
    const up = [...states].filter(([, state]) => state.up).map(([name]) => name)
    const left = up.filter(name => !names.includes(name)).length
    if (left < minUp && up.length > left)
      return {
        reason: `draining ${names.join(', ')} would leave ${left} up in ${balancer.name}, and ${minUp} must stay`,
      }
  }
  return null
}

async function drained(run: Run, { limits }: RunBalancers, task: Task, host: HostRun): Promise<HostFailure | null> {
  const began = performance.now()
  const where = wordsOf(task.balancer, host.name)
  const end = (failure: HostFailure | null, note: string) => {
    ended(run, host, 'drain', 'drain', performance.now() - began, failure, note)
    return failure
  }
  const took = () => `out of ${where} in ${((performance.now() - began) / 1000).toFixed(1)}s`
  try {
    for (;;) {
      const { state, sessions } = stateOf(await task.read(), host.name)
      // Who asks to stop does not want to wait for users that take their time.
      const patience = run.stop.reason() === null ? limits.drainTimeout : Math.min(5000, limits.drainTimeout)
      const over = performance.now() - began > patience
      if (state !== 'ready') {
        if (sessions === null) await sleep(limits.settle)
        if (sessions === null || sessions === 0) return end(null, took())
        if (over) {
          run.warnings.push(`${host.name}: ${sessions} sessions had not ended in ${where} when its time was over`)
          return end(null, `${took()}, ${sessions} sessions left`)
        }
      } else if (over) {
        const failure = troubleIn(`${where} is still in service, although it was told to drain`)
        return end(failure, failure.message)
      }
      await sleep(250)
    }
  } catch (error) {
    const failure = troubleOf('drain', error)
    return end(failure, failure.message)
  }
}

function troubleIn(message: string): HostFailure {
  return { phase: 'drain', step: 'drain', message, hint: null, output: [] }
}
