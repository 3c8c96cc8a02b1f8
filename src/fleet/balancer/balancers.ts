import { type Balancer, BalancerError, type ServerState, stateOf } from '../../balancer/balancer.js'
import { codes } from '../../scripts/shell/codes.js'
import { recordDrains } from '../../scripts/transaction/balancer-notes.js'
import { isOthers, placeIn } from '../../state/drains.js'
import type { HostFailure, Phase } from '../outcome.js'
import { type Halt, type HostRun, inSilence, type Run } from '../transaction/run.js'
import type { RunBalancers } from './balancer-state.js'

/** A balancer, and those of some hosts that are behind it and ours to change. */
export interface Task {
  readonly balancer: Balancer
  readonly hosts: readonly HostRun[]
  readonly names: readonly string[]
  /** At most every quarter of a second, whoever asks. */
  readonly read: () => Promise<ReadonlyMap<string, ServerState>>
}

/** The same, after a look at who was taken out, or put back, by somebody else in the meantime. Rejects with a BalancerError. */
export async function freshTasks(balancers: RunBalancers, hosts: readonly HostRun[]): Promise<readonly Task[]> {
  const names = hosts.map(({ name }) => name)
  for (const balancer of balancers.balancers) {
    const states = await balancer.read(balancer.hosts.filter(name => names.includes(name)))
    for (const [name, { state }] of states) {
      const place = placeIn(balancer.name, name)
      const ours = state === 'drain' && balancers.drained.has(name)
      if (!ours && isOthers(state, place, balancers.left)) balancers.others.add(place)
      else if (state === 'ready') balancers.others.delete(place)
    }
  }
  return tasksOf(balancers, hosts)
}

export function tasksOf(balancers: RunBalancers, hosts: readonly HostRun[]): readonly Task[] {
  return balancers.balancers.flatMap(balancer => {
    const own = hosts.filter(
      ({ name }) => balancer.hosts.includes(name) && !balancers.others.has(placeIn(balancer.name, name)),
    )
    const names = own.map(({ name }) => name)
    return own.length === 0 ? [] : [{ balancer, hosts: own, names, read: sharedReading(balancer, names) }]
  })
}

/** Keeps on every host what was out of service before, before anything else is taken out. */
export async function recordAll(
  run: Run,
  balancers: RunBalancers,
  phase: Phase,
  hosts = run.hosts,
): Promise<Halt | null> {
  if (balancers.recorded) return null
  await freshTasks(balancers, run.hosts)
  const halt = await writeRecord(run, balancers, phase, hosts, false)
  if (halt === null) balancers.recorded = true
  return halt
}

/** Nothing is drained any more that this run or a dead one has drained. */
export async function recordOver(run: Run, balancers: RunBalancers): Promise<void> {
  if ((await writeRecord(run, balancers, 'ready', run.hosts, true)) === null) return
  run.warnings.push('that all hosts are in service again could not be recorded everywhere')
}

function writeRecord(run: Run, balancers: RunBalancers, phase: Phase, hosts: readonly HostRun[], over: boolean) {
  const { seq, by, at, others } = balancers
  const record = { seq, tx: run.plan.tx, by, at, out: [...others], ...(over ? { over: true } : {}) }
  return inSilence(run, phase, hosts, async host => {
    const place = { root: host.plan.root, tx: run.plan.tx }
    const result = await host.session.run(recordDrains(place, JSON.stringify(record)), { timeout: 20_000 })
    if (result.code === 0) return null
    const message = 'what is in service could not be recorded'
    return { phase, step: 'record', message, hint: null, output: [] }
  })
}

/** What the balancers may be told of these hosts now, or why nothing: they cannot be asked, or a demand is not met, or our locks are lost. */
export async function allowed(
  run: Run,
  balancers: RunBalancers,
  hosts: readonly HostRun[],
  phase: Phase,
  ...demands: readonly ((tasks: readonly Task[]) => Promise<Halt | null>)[]
): Promise<readonly Task[] | Halt> {
  try {
    const tasks = await freshTasks(balancers, hosts)
    if (tasks.length === 0) return tasks
    for (const demand of [...demands, () => demandOurs(run)]) {
      const halt = await demand(tasks)
      if (halt !== null) return halt
    }
    return tasks
  } catch (error) {
    return haltBy(balancers, phase, error)
  }
}

/** What a balancer said, or that it is gone, which is told once in a run. */
export function haltBy(balancers: RunBalancers, phase: Phase, error: unknown): Halt {
  const known = balancers.gone !== null && error instanceof BalancerError && error.gone !== null
  const { message } = troubleOf(balancers, phase, error)
  return { reason: message, ...(known ? { known } : {}) }
}

/**
 * A balancer cannot tell our word from that of a run that took over: before it is told anything, the hosts are asked
 * whether they are still ours. One must say so, and none the opposite.
 */
export async function demandOurs(run: Run): Promise<Halt | null> {
  const asked = run.hosts
    .filter(({ locked }) => locked)
    .map(async ({ session, plan }) => (await session.run(plan.renew.script, { timeout: 5000 })).code)
  const late = new Promise<null>(resolve => setTimeout(resolve, 5000, null).unref())
  const codesOf = await Promise.all(asked.map(code => Promise.race([code, late])))
  if (codesOf.includes(codes.fenced))
    return { reason: 'another run has taken over, so nothing is told to the balancer' }
  return codesOf.includes(0) ? null : { reason: 'no host answers, so nothing is told to the balancer' }
}

/** Tells a balancer of the hosts of a task; the failure, when it would not be told. */
export async function tell(
  balancers: RunBalancers | null,
  { balancer, names }: Task,
  to: 'drain' | 'ready',
): Promise<HostFailure | null> {
  return balancer.tell(names, to).then(
    () => null,
    error => troubleOf(balancers, to, error),
  )
}

export function troubleOf(balancers: RunBalancers | null, phase: Phase, error: unknown): HostFailure {
  if (!(error instanceof BalancerError)) throw error
  if (balancers !== null) balancers.gone ??= error.gone
  return { phase, step: 'balancer', message: error.message, hint: error.fix, output: [] }
}

/** `HAProxy web/web-3` */
export function wordsOf({ brand, serverOf }: Balancer, host: string): string {
  return `${brand} ${serverOf(host)}`
}

export function isUp(states: ReadonlyMap<string, ServerState>, host: string): boolean {
  return stateOf(states, host).up
}

function sharedReading(balancer: Balancer, names: readonly string[]): Task['read'] {
  let at = Number.NEGATIVE_INFINITY
  let reading: ReturnType<Task['read']> | null = null
  return () => {
    if (reading === null || performance.now() - at >= 250) {
      at = performance.now()
      reading = balancer.read(names)
    }
    return reading
  }
}
