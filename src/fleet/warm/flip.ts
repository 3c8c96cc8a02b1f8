import { setTimeout as sleep } from 'node:timers/promises'
import { type Balancer, type BalancerPorts, type Moment, readyPorts } from '../../balancer/balancer.js'
import type { Flip, PhasePlan } from '../../plan/plan.js'
import { placeIn } from '../../state/drains.js'
import { demandOurs, troubleOf, wordsOf } from '../balancer/balancers.js'
import type { HostFailure } from '../outcome.js'
import { healthy, restart } from '../transaction/restart-and-health.js'
import { ended, type Halt, type HostRun, inPhase, inSilence, type Run } from '../transaction/run.js'
import { windowOf } from '../transaction/swap.js'

/** A host that has a process for each of two ports. */
type Ported = HostRun & { readonly plan: { readonly flip: Flip } }

type PortedBalancer = Balancer & { readonly ports: BalancerPorts }

type Told = 'switch' | 'rollback'

/** Sends the users of these hosts to the release on their idle ports: all at one instant in each balancer. */
export function flipAll(run: Run, all: readonly HostRun[], { batch }: Pick<PhasePlan, 'batch'>): Promise<Halt | null> {
  const hosts = all.filter(isPorted)
  for (const host of hosts) host.flipped = true
  return flip(run, hosts, 'switch', ({ plan }) => plan.flip.to, batch)
}

/**
 * Sends users back to what these hosts served before, where they are not there: to processes that never stopped, or that are
 * started first where this run has not seen them.
 */
export async function comeHome(run: Run, all: readonly HostRun[]): Promise<Halt | null> {
  const hosts = all.filter(isPorted).filter(({ plan }) => !plan.flip.keeps)
  const astray: Ported[] = []
  const cold: Ported[] = []
  const look = async (balancer: PortedBalancer) => {
    const states = await balancer.ports.read(hosts.map(({ name }) => name))
    for (const host of hosts) {
      const ready = readyPorts(states.get(host.name))
      const { back } = host.plan.flip
      balancer.ports.serve(host.name, back)
      const drained = readyPorts(states.get(host.name), 'drain')
      // nginx has one word for a port that is idle and for one that is drained: of a host that is out, both are.
      const isAway =
        ready.length > 0 ? ready.some(port => port !== back) : drained.length > 0 && !drained.includes(back)
      if (isAway && !astray.includes(host)) astray.push(host)
      if (ready.length > 0 && !ready.includes(back) && !host.flipped && !cold.includes(host)) cold.push(host)
    }
    return null
  }
  const unread = hosts.length === 0 ? null : await attemptEach(run, 'rollback', look)
  const left = unread === null ? null : { reason: unread.message }
  if (astray.length === 0) return left
  const unready = await inSilence(
    run,
    'rollback',
    cold,
    async host =>
      (await restart(run, host, 'rollback', host.plan.restartOld)) ??
      (await healthy(run, host, 'rollback', host.plan.healthOld)),
  )
  return unready ?? (await flip(run, astray, 'rollback', ({ plan }) => plan.flip.back)) ?? left
}

/** Why what runs on a port cannot be ended yet: users are sent there. Waits until those who were there have had their answers, for as long as it may take. */
export async function emptied(run: Run, host: HostRun, port: number): Promise<HostFailure | null> {
  const { limits } = run.balancers ?? { limits: { drainTimeout: 0, settle: 0 } }
  return attempt(run, 'cool', async () => {
    for (const balancer of portedOf(run)) {
      for (const began = performance.now(); ; await sleep(250)) {
        const seen = (await balancer.ports.read([host.name])).get(host.name)?.get(port)
        if (seen === undefined) break
        if (seen.state === 'ready') return failed('cool', `${balancer.name} still sends users to port ${port}`)
        if (seen.sessions === null) await sleep(limits.settle)
        if (seen.sessions === null || seen.sessions === 0) break
        if (performance.now() - began <= limits.drainTimeout) continue
        run.warnings.push(
          balancer.counts === 'sessions'
            ? `${host.name}: ${seen.sessions} sessions on port ${port} had not ended when their time was over`
            : `${host.name}: port ${port} was ended while ${seen.sessions} old workers of ${balancer.name} were still answering: in nginx, worker_shutdown_timeout bounds them`,
        )
        break
      }
    }
    return null
  })
}

/** The port of a host on which nothing is to run any more, when its release or that before is cooled. */
export function endedPort({ plan }: HostRun, isBack: boolean): number | null {
  if (plan.flip === null) return null
  return isBack ? plan.flip.to : plan.flip.back
}

export function isPorted(host: HostRun): host is Ported {
  return host.plan.flip !== null
}

/** One order to each balancer, one balancer after the other. The window that is told holds all of them. */
function flip(
  run: Run,
  hosts: readonly Ported[],
  phase: Told,
  portOf: (host: Ported) => number,
  batch = '',
): Promise<Halt | null> {
  const moments: Moment[] = []
  const moved = new Set<string>()
  const began = performance.now()
  const orders = new Map(hosts.map(host => [host.name, portOf(host)]))
  const told = attempt(run, phase, () => tellAll(run, orders, phase, { moments, moved }))
  return inPhase(
    run,
    phase,
    hosts,
    async host => {
      run.emit({ type: 'host.start', phase, step: 'flip', host: host.name })
      const failure = await told
      const port = orders.get(host.name)
      const note = moved.has(host.name) ? `users → port ${port}` : `out of service, on port ${port} from now on`
      ended(run, host, phase, 'flip', performance.now() - began, failure, failure?.message ?? note)
      return failure
    },
    done => {
      if (phase === 'switch' && moments.length > 0) {
        run.switches.push(...endsOf(moments))
        run.switchWindowMs = windowOf(run.switches)
      }
      return `${done}/${hosts.length} switched${windowText(run, moments)}`
    },
    batch,
  )
}

/** What came of an order: when it was done, and the hosts that have users, in one balancer at least. */
interface Flipped {
  readonly moments: Moment[]
  readonly moved: Set<string>
}

async function tellAll(
  run: Run,
  orders: ReadonlyMap<string, number>,
  phase: Told,
  told: Flipped,
): Promise<HostFailure | null> {
  const lost = await demandOurs(run)
  if (lost !== null) return failed(phase, lost.reason)
  return attemptEach(run, phase, balancer => tellOne(run, balancer, orders, phase, told))
}

async function tellOne(
  { balancers }: Run,
  balancer: PortedBalancer,
  orders: ReadonlyMap<string, number>,
  phase: Told,
  { moments, moved }: Flipped,
): Promise<HostFailure | null> {
  const names = [...orders.keys()]
  const states = await balancer.ports.read(names)
  const to = new Map(orders)
  // What is out of service stays out, and is on the other port from now on: drained there, where it was drained. Whose users are
  // there already needs no word: a balancer that refused one has moved nobody, and refuses the way back, too.
  const out = [...orders].filter(([name]) => readyPorts(states.get(name)).length === 0)
  const there = [...orders].filter(([name, port]) => String(readyPorts(states.get(name))) === String(port))
  for (const [name] of there) moved.add(name)
  for (const [name, port] of [...out, ...there]) {
    balancer.ports.serve(name, port)
    to.delete(name)
  }
  const drained = out.filter(([name]) => readyPorts(states.get(name), 'drain').length > 0)
  if (drained.length > 0) await balancer.ports.flip(new Map(drained), 'drain')
  if (to.size === 0) return null
  moments.push(await balancer.ports.flip(to))
  const after = await balancer.ports.read([...to.keys()])
  const wrong = [...to].find(([name, port]) => String(readyPorts(after.get(name))) !== String(port))
  if (wrong !== undefined)
    return failed(phase, `${wordsOf(balancer, wrong[0])} was told to take all users, and did not`)
  for (const name of to.keys()) moved.add(name)
  for (const name of to.keys()) balancers?.others.delete(placeIn(balancer.name, name))
  return null
}

/** Of each balancer, one after the other: the first failure. It ends a way there; on a way back the others are told all the same. */
async function attemptEach(
  run: Run,
  phase: Told,
  act: (balancer: PortedBalancer) => Promise<HostFailure | null>,
): Promise<HostFailure | null> {
  if (run.balancers === null) return attempt(run, phase, async () => null)
  let first: HostFailure | null = null
  for (const balancer of portedOf(run)) {
    const failure = await attempt(run, phase, () => act(balancer))
    first ??= failure
    if (failure !== null && phase === 'switch') break
  }
  return first
}

/** The failure, also where a balancer cannot be asked or told. */
async function attempt(
  run: Run,
  phase: Told | 'cool',
  act: () => Promise<HostFailure | null>,
): Promise<HostFailure | null> {
  if (run.balancers === null) return failed(phase, 'the balancer cannot be asked where users are sent')
  try {
    return await act()
  } catch (error) {
    return troubleOf(run.balancers, phase, error)
  }
}

function portedOf({ balancers }: Run): readonly PortedBalancer[] {
  return (balancers?.balancers ?? []).filter((one): one is PortedBalancer => one.ports !== undefined)
}

function failed(phase: Told | 'cool', message: string): HostFailure {
  return { phase, step: 'flip', message, hint: null, output: [] }
}

/** A reload moves who comes from now on: a connection that is open is answered by whom it was opened to. */
function windowText(run: Run, moments: readonly Moment[]): string {
  if (moments.length === 0) return ''
  const lingers = portedOf(run).some(({ counts }) => counts === 'old workers')
  return ` in ${windowOf(endsOf(moments))} ms${lingers ? ': all new connections; old workers end those they hold' : ''}`
}

/** One order moves many hosts: the first as it is given, the last as it is answered. */
function endsOf(moments: readonly Moment[]): readonly Moment[] {
  return moments.flatMap(({ from, to }) => [
    { from, to: from },
    { from: to, to },
  ])
}
