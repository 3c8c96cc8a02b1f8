import { type Balancer, BalancerError, type ServerState } from '../../balancer/balancer.js'
import { openBalancers } from '../../balancer/open.js'
import type { RunBalancers } from '../../fleet/balancer/balancer-state.js'
import { upOutside } from '../../fleet/balancer/drain.js'
import type { Host } from '../../inventory/host.js'
import type { InService } from '../../state/assess-fleet.js'
import { isOthers, nextDrains, openDrains, placeIn } from '../../state/drains.js'
import type { DrainRecord, HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import type { Place } from '../../state/status-report.js'
import type { Context } from './context.js'
import { orInterrupt } from './survey.js'

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
}

interface ReadBalancer {
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
  const open = (some: readonly Host[]) =>
    openBalancers(context.config, some, { remote: context.connect, local: context.connectHere })
  const rest = context.config.hosts.filter(({ name }) => !hosts.some(one => one.name === name))
  const reading = [hosts, rest].map(some => Promise.all(open(some).map(lookAt)))
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
  }
}

/** With the hosts that take no part, where they serve what those of the run do. */
export async function withOutside(context: Context, fleet: Read, served: Served): Promise<Served> {
  const rest = context.config.hosts.filter(({ name }) => !fleet.some(({ state }) => state.name === name))
  if (rest.length === 0 || served.balancers.length === 0) return served
  const balancers = openBalancers(context.config, rest, { remote: context.connect, local: context.connectHere })
  const up = new Set(await orInterrupt(context, upOutside(balancers))).size
  return { ...served, outside: { balancers, up } }
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
    drained: new Set(),
    back: new Map(),
  }
}

/** The same for `status`. */
export function inService({ balancers, problems, record }: Served): InService {
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

async function lookAt(balancer: Balancer): Promise<ReadBalancer & { readonly problems: readonly Problem[] }> {
  const problems = (await balancer.check()).map(one => ({ host: 'balancer', ...one }))
  if (problems.length > 0) return { balancer, states: null, problems }
  try {
    return { balancer, states: await balancer.read(balancer.hosts), problems }
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error
    return { balancer, states: null, problems: [{ host: 'balancer', text: error.message, fix: error.fix }] }
  }
}

function byHandIn({ balancer, states }: ReadBalancer, record: DrainRecord | null, maintained: boolean) {
  return [...(states ?? [])].flatMap(([host, { state }]) => {
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
