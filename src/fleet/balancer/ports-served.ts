import { type Balancer, readyPorts, type ServerState } from '../../balancer/balancer.js'
import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import {
  astrayText,
  homePort,
  type PortPair,
  type PortState,
  portStates,
  portsOn,
  strandedText,
} from '../../release/ports.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import { currentRelease } from '../../state/releases.js'

/** What a balancer says of hosts that have two ports. */
export interface Traffic {
  /** By host: those that it sends users to. */
  readonly traffic: ReadonlyMap<string, readonly number[]>
  /** Those of which one has users, that are answered. */
  readonly answered: ReadonlySet<string>
}

/** Of one that could not be read, the states are null. */
type Read = Traffic & { readonly balancer: Balancer; readonly states: ReadonlyMap<string, ServerState> | null }

type States = ReadonlyMap<string, HostState>

/** Which ports users are sent to; and from now on the port that serves what `current` names is the host's. */
export async function trafficIn({ ports, hosts }: Balancer, config: Config, states: States): Promise<Traffic> {
  const read = (await ports?.read(hosts)) ?? new Map<string, ReadonlyMap<number, ServerState>>()
  const traffic = new Map([...read].map(([name, servers]) => [name, readyPorts(servers)]))
  for (const [name, ready] of traffic) {
    const state = states.get(name)
    const pair = pairOf(config, name)
    if (state !== undefined && pair !== null) ports?.serve(name, homePort(pair, servedOn(state), ready))
  }
  const isUp = ([, servers]: readonly [string, ReadonlyMap<number, ServerState>]) =>
    [...servers.values()].some(({ up }) => up)
  return { traffic, answered: new Set([...read].filter(isUp).map(([name]) => name)) }
}

/** The hosts whose users a balancer does not send to what their `current` names, with where it sends them. */
export function astrayIn({ balancer, traffic }: Read, config: Config, states: States) {
  return [...traffic].flatMap(([name, ready]) => {
    const state = states.get(name)
    const pair = pairOf(config, name)
    if (state === undefined || pair === null) return []
    const text = astrayText(pair, servedOn(state), ready)
    return text === null ? [] : [[name, `${balancer.name} sends its users to ${text}`] as const]
  })
}

/** Why a host cannot go on by the ports of the configuration. */
export function strandedOn(
  host: Host,
  state: HostState,
  { restart }: Config,
  found: readonly Read[],
): readonly Problem[] {
  // Of one that could not be read, that is the problem.
  const hasUsers = found.some(({ states, answered }) => states === null || answered.has(host.name))
  const problem = strandedText(portsOn(restart, host), servedOn(state), hasUsers)
  return problem === null ? [] : [{ host: host.name, ...problem }]
}

/** By host, what is on its ports. */
export function portsOf(
  fleet: readonly { readonly session: { readonly host: Host }; readonly state: HostState }[],
  { restart }: Config,
  found: readonly Read[],
): ReadonlyMap<string, readonly PortState[]> {
  const all = fleet.map(({ session: { host }, state }) => {
    const ready = found.flatMap(({ balancer, traffic }) => {
      const ports = traffic.get(host.name)
      return ports === undefined ? [] : [[balancer.name, ports] as const]
    })
    return [host.name, portStates(portsOn(restart, host), servedOn(state), new Map(ready))] as const
  })
  return new Map(all.filter(([, ports]) => ports.length > 0))
}

function pairOf({ restart, hosts }: Config, name: string): PortPair | null {
  return portsOn(restart, hosts.find(host => host.name === name) ?? { roles: [] })
}

function servedOn(state: HostState) {
  return { release: currentRelease(state), links: state.ports }
}
