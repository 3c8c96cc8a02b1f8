import { type Balancer, BalancerError, type ServerState } from '../../balancer/balancer.js'
import { openBalancers } from '../../balancer/open.js'
import type { Config } from '../../config/config.js'
import type { RunBalancers } from '../../fleet/balancer/balancer-state.js'
import { astrayIn, portsOf, strandedOn, type Traffic, trafficIn } from '../../fleet/balancer/ports-served.js'
import type { Host } from '../../inventory/host.js'
import type { PortState } from '../../release/ports.js'
import type { InService } from '../../state/assess-fleet.js'
import { isOthers, nextDrains, openDrains, placeIn } from '../../state/drains.js'
import type { DrainRecord, HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import type { Place } from '../../state/status-report.js'
import type { Context } from './context.js'
import { orInterrupt } from './read-fleet.js'

/** What stands before the hosts, as it was read; and what would keep a run from using it. */
export interface Served {
  readonly balancers: readonly ReadBalancer[]
  readonly problems: readonly Problem[]
  /** What a run that died has left. */
  readonly record: DrainRecord | null
  /** The same balancers, for all hosts of the stage that take no part, as far as they know them. */
  readonly absent: readonly ReadBalancer[]
  /** The same balancers, for hosts of the stage that take no part and go on serving; and how many of them are up. */
  readonly outside: { readonly balancers: readonly Balancer[]; readonly up: number }
  /** Of each host that somebody took out of service by hand: that it stays so, and how it is put back. */
  readonly byHand: readonly string[]
  /** Of each host whose users are not sent to what its `current` names, or not there alone: where they are. */
  readonly astray: ReadonlyMap<string, string>
  /** Where hosts have two ports, or had them: by host, what is on each. */
  readonly ports: ReadonlyMap<string, readonly PortState[]>
  /** Hosts that do not serve by the ports of the configuration, and cannot come to do so by a deploy. */
  readonly stranded: readonly Problem[]
}

interface ReadBalancer extends Traffic {
  readonly balancer: Balancer
  /** Of every host behind it; null: it could not be read. */
  readonly states: ReadonlyMap<string, ServerState> | null
}

type Read = readonly { readonly session: { readonly host: Host }; readonly state: HostState }[]

/** Asks every balancer that the configuration names, all at once, changing nothing. */
export async function readBalancers(
  context: Context,
  fleet: Read,
  hosts: readonly Host[] = fleet.map(({ session }) => session.host),
): Promise<Served> {
  const states = new Map(fleet.map(({ state }) => [state.name, state]))
  const open = (some: readonly Host[]) =>
    openBalancers(context.config, some, { remote: context.connect, local: context.connectHere })
  const rest = context.config.hosts.filter(({ name }) => !hosts.some(one => one.name === name))
  const reading = [hosts, rest].map(some => Promise.all(open(some).map(one => lookAt(one, context.config, states))))
  const [found = [], absent = []] = await orInterrupt(context, Promise.all(reading))
  const record = openDrains(fleet.map(({ state }) => state))
  const maintained = fleet.some(({ state }) => state.maintenance !== null)
  return {
    balancers: found,
    problems: found.flatMap(({ problems }) => problems),
    record,
    absent: absent.filter(({ states }) => states !== null),
    outside: { balancers: [], up: 0 },
    byHand: found.flatMap(one => byHandIn(one, record, maintained)),
    astray: new Map(found.flatMap(one => astrayIn(one, context.config, states))),
    stranded: fleet.flatMap(({ session: { host }, state }) => strandedOn(host, state, context.config, found)),
    ports: portsOf(fleet, context.config, found),
  }
}

/** With the hosts that take no part, where they serve what those of the run do. */
export function withOutside(served: Served): Served {
  const states = served.absent.flatMap(({ states }) => [...(states ?? [])])
  const up = new Set(states.flatMap(([name, { up }]) => (up ? [name] : []))).size
  return { ...served, outside: { balancers: served.absent.map(({ balancer }) => balancer), up } }
}

/** Says which hosts no run puts into service. */
export function noteByHand({ emit }: Context, { byHand }: Served): void {
  for (const text of byHand) emit({ type: 'note', level: 'warning', host: null, text })
}

/** What a run needs of it; null where the configuration names none. */
export function runBalancers(
  context: Context,
  fleet: Read,
  { balancers, absent, outside, record }: Served,
): RunBalancers | null {
  const { balancer } = context.config
  if (balancer === null || balancers.length === 0) return null
  return {
    balancers: balancers.map(one => one.balancer),
    outside: outside.balancers,
    absent: absent.map(one => one.balancer),
    others: new Set([...balancers, ...absent].flatMap(one => othersIn(one, record))),
    limits: balancer,
    whole: fleet.length === context.config.hosts.length,
    seq: nextDrains(fleet.map(({ state }) => state)),
    by: context.who,
    at: context.io.now().toISOString(),
    left: record,
    recorded: false,
    gone: null,
    drainedBefore: new Set(balancers.flatMap(one => drainedIn(one, record))),
    drained: new Set(),
    back: new Map(),
  }
}

/** The same for `status`. */
export function inService({ balancers, problems, record, astray, stranded, ports }: Served): InService {
  const places = balancers.flatMap(({ balancer, states }) =>
    [...(states ?? [])].map(([host, { state, up, sessions }]) => {
      const server = `${balancer.brand} ${balancer.serverOf(host)}`
      const others = isOthers(state, placeIn(balancer.name, host), record)
      const place: Place = { balancer: balancer.name, server, state, up, sessions }
      return { host, place, ours: state === 'drain' && !others }
    }),
  )
  return {
    places: grouped(places),
    drained: new Map(places.flatMap(({ host, place, ours }) => (ours ? [[host, place.server] as const] : []))),
    astray: new Map(
      astrayProblems({ astray, stranded }).map(({ host, text, fix }) => [host, { text, fix: fix ?? '' }]),
    ),
    ports,
    problems: problems.map(({ text }) => text),
  }
}

function grouped(places: readonly { readonly host: string; readonly place: Place }[]): InService['places'] {
  const found = new Map<string, Place[]>()
  for (const { host, place } of places) found.set(host, [...(found.get(host) ?? []), place])
  return found
}

/** Whether users are sent to a host now; null: it is behind no balancer. */
export function isUpIn({ balancers }: Served, host: string): boolean | null {
  const states = balancers.flatMap(({ states: read }) => read?.get(host) ?? [])
  return states.length === 0 ? null : states.every(({ up }) => up)
}

async function lookAt(
  balancer: Balancer,
  config: Config,
  hosts: ReadonlyMap<string, HostState>,
): Promise<ReadBalancer & { readonly problems: readonly Problem[] }> {
  const unread = { balancer, states: null, traffic: new Map(), answered: new Set<string>() }
  const problems = (await balancer.check()).map(one => ({ host: 'balancer', ...one }))
  if (problems.length > 0) return { ...unread, problems }
  try {
    const seen = await trafficIn(balancer, config, hosts)
    return { balancer, states: await balancer.read(balancer.hosts), ...seen, problems }
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error
    return { ...unread, problems: [{ host: 'balancer', text: error.message, fix: error.fix }] }
  }
}

/** What keeps all but a repair from it. */
export function astrayProblems({ astray, stranded }: Pick<Served, 'astray' | 'stranded'>): readonly Problem[] {
  return [...stranded, ...[...astray].map(([host, text]) => ({ host, text, fix: 'clonedeploy repair' }))]
}

/** By host, the ports that some balancer sends users to; null: hosts have one. */
export function trafficOf({ balancers }: Served): Readonly<Record<string, readonly number[]>> | null {
  if (balancers.every(({ balancer }) => balancer.ports === undefined)) return null
  const names = new Set(balancers.flatMap(({ traffic }) => [...traffic.keys()]))
  const of = (name: string) => [...new Set(balancers.flatMap(({ traffic }) => traffic.get(name) ?? []))]
  return Object.fromEntries([...names].map(name => [name, of(name)]))
}

function byHandIn({ balancer, states, traffic }: ReadBalancer, record: DrainRecord | null, maintained: boolean) {
  return [...(states ?? [])].flatMap(([host, { state }]) => {
    if ((traffic.get(host) ?? []).length > 0) return []
    if (!isOthers(state, placeIn(balancer.name, host), record)) return []
    if (state === 'maint' && maintained) return []
    const how = state === 'maint' ? 'in maintenance' : 'drained'
    const where = `${balancer.brand} ${balancer.serverOf(host)}`
    return [
      `${host} is ${how} in ${where}, by no run: it stays out of service; to put it back: ${balancer.putBack(host)}`,
    ]
  })
}

function othersIn({ balancer, states }: ReadBalancer, record: DrainRecord | null): readonly string[] {
  return [...(states ?? [])]
    .map(([host, { state }]) => ({ state, place: placeIn(balancer.name, host) }))
    .filter(({ state, place }) => isOthers(state, place, record))
    .map(({ place }) => place)
}

function drainedIn({ balancer, states }: ReadBalancer, record: DrainRecord | null): readonly string[] {
  return [...(states ?? [])].flatMap(([host, { state }]) =>
    state === 'drain' && !isOthers(state, placeIn(balancer.name, host), record) ? [host] : [],
  )
}
