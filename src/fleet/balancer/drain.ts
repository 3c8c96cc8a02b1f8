import { setTimeout as sleep } from 'node:timers/promises'
import type { Balancer, ServerState } from '../../balancer/balancer.js'
import type { Halt, HostRun, Run } from '../transaction/run.js'
import { allowed, recordAll, type Task, wordsOf } from './balancers.js'
import { type Look, tellAndWait } from './tell-and-wait.js'

/** Takes hosts out of service, never more than leaves `minUp`, and waits until their users are gone, for as long as it may take. */
export async function drainAll(run: Run, hosts: readonly HostRun[], title: string): Promise<Halt | null> {
  const { balancers } = run
  if (balancers === null) return null
  const record = () => recordAll(run, balancers, 'drain')
  const tasks = await allowed(run, balancers, hosts, 'drain', record, tasks => demandUp(run, tasks))
  if ('reason' in tasks) return tasks
  if (tasks.length === 0) return null
  for (const { names } of tasks) for (const name of names) balancers.drained.add(name)
  const { limits } = balancers
  const look: Look = async ({ state, sessions }, waited, { balancer }, { name }) => {
    const where = wordsOf(balancer, name)
    // Who asks to stop does not want to wait for users that take their time.
    const patience = run.stop.reason() === null ? limits.drainTimeout : Math.min(5000, limits.drainTimeout)
    if (state === 'ready')
      return waited > patience
        ? { ok: false, note: `${where} is still in service, although it was told to drain` }
        : null
    if (sessions === null) await sleep(limits.settle)
    const took = `out of ${where} in ${((waited + (sessions === null ? limits.settle : 0)) / 1000).toFixed(1)}s`
    if (sessions === null || sessions === 0) return { ok: true, note: took }
    if (waited <= patience) return null
    run.warnings.push(`${name}: ${sessions} sessions had not ended in ${where} when its time was over`)
    return { ok: true, note: `${took}, ${sessions} sessions left` }
  }
  return tellAndWait(run, { phase: 'drain', tasks, hosts, done: 'drained', title, look })
}

/** It is read again right before: somebody may have taken out others since the batches were made. */
async function demandUp(run: Run, tasks: readonly Task[]): Promise<Halt | null> {
  const { minUp } = run.plan.rollout
  const outside = run.balancers?.outside ?? []
  if (minUp === 0) return null
  for (const { balancer, names } of tasks) {
    const states = await balancer.read(run.hosts.map(({ name }) => name).filter(name => balancer.hosts.includes(name)))
    const up = [...states].filter(([, state]) => state.up).map(([name]) => name)
    const others = (await upOutside(outside.filter(({ name }) => name === balancer.name))).length
    const left = up.filter(name => !names.includes(name)).length + others
    if (left < minUp && up.length + others > left)
      return {
        reason: `draining ${names.join(', ')} would leave ${left} up in ${balancer.name}, and ${minUp} must stay`,
      }
  }
  return null
}

/** The hosts beside those of the run that balancers send users to; none where they cannot say. */
async function upOutside(outside: readonly Balancer[]): Promise<readonly string[]> {
  const read = await Promise.all(outside.map(one => one.read(one.hosts).catch(() => new Map<string, ServerState>())))
  return read.flatMap(states => [...states]).flatMap(([name, { up }]) => (up ? [name] : []))
}
