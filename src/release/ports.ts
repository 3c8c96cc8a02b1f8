import { listed } from '../text/phrases.js'

export type PortPair = readonly [number, number]

interface Restart {
  readonly roles: readonly string[] | null
  readonly ports?: { readonly numbers: PortPair }
}

/** The two ports of a host whose release has a process for each; null: it has none. */
export function portsOn(
  restart: readonly Restart[],
  { roles }: { readonly roles: readonly string[] },
): PortPair | null {
  const own = restart.filter(one => one.roles === null || one.roles.some(role => roles.includes(role)))
  return own.find(({ ports }) => ports !== undefined)?.ports?.numbers ?? null
}

/** What `current` names, and which release each port was started for, by its link. */
interface Served {
  readonly release: string | null
  readonly links: Readonly<Record<number, string>>
}

/**
 * The port that serves what `current` names: by the links of the ports; where these do not tell (nothing was started yet, or
 * both are of one release), the one that the balancer sends users to: the first that is said to be `ready`.
 */
export function homePort([first, second]: PortPair, { release, links }: Served, ready: readonly number[]): number {
  const both = [first, second]
  const named = both.filter(port => release !== null && links[port] === release)
  const unused = both.filter(port => links[port] === undefined)
  const candidates = [named, unused, both].find(({ length }) => length > 0) ?? both
  return ready.find(port => candidates.includes(port)) ?? candidates[0] ?? first
}

/** The port of what `current` names, which need not be one of those that are configured; null: it serves without ports. */
export function servingPort(pair: PortPair | null, served: Served, ready: readonly number[] = []): number | null {
  const linked = linkedPorts(served.links).filter(port => served.links[port] === served.release)
  const home = pair === null ? null : homePort(pair, served, ready)
  return home !== null && (linked.length === 0 || linked.includes(home)) ? home : (linked[0] ?? null)
}

/** A port of a host as its link and the balancers have it. */
export interface PortState {
  readonly port: number
  /** What was started there; null: nothing, or not by us. */
  readonly release: string | null
  /** Whether that is what `current` names. */
  readonly serves: boolean
  /** The balancers that send users there; null: none of them could be read. */
  readonly users: readonly string[] | null
}

/** Every port of a host: those that are configured, and others that something was started on. `ready`: by balancer. */
export function portStates(
  pair: PortPair | null,
  served: Served,
  ready: ReadonlyMap<string, readonly number[]>,
): readonly PortState[] {
  const serving = served.release === null ? null : servingPort(pair, served, [...ready.values()].flat())
  return [...new Set([...(pair ?? []), ...linkedPorts(served.links)])].map(port => ({
    port,
    release: served.links[port] ?? null,
    serves: port === serving,
    users: ready.size === 0 ? null : [...ready].flatMap(([name, ports]) => (ports.includes(port) ? [name] : [])),
  }))
}

/** `3001`; where users are not there alone: `3001, users on 3002`. */
export function portsText(ports: readonly PortState[]): string {
  const serving = ports.find(({ serves }) => serves)?.port
  const users = ports.flatMap(({ port, users }) => (users !== null && users.length > 0 ? [port] : []))
  const isKnown = ports.some(({ users }) => users !== null)
  const serves = String(serving ?? 'none')
  if (!isKnown || String(users) === serves) return serves
  return `${serves}, ${users.length === 0 ? 'no users' : `users on ${listed(users.map(String))}`}`
}

export function otherPort([first, second]: PortPair, port: number): number {
  return port === first ? second : first
}

/** Where users are sent that should be sent to the port of `current` alone; null: all is well, or nobody is sent to the host. */
export function astrayText(pair: PortPair, served: Served, ready: readonly number[]): string | null {
  const home = homePort(pair, served, ready)
  const other = otherPort(pair, home)
  const { release, links } = served
  if (!ready.includes(other) || (ready.includes(home) && links[other] === undefined)) return null
  const also = ready.includes(home) ? 'both of its ports' : `port ${other}`
  return `${also} (${links[other] ?? 'nothing of ours'} on ${other}), and current is ${release ?? 'absent'}, on ${home}`
}

/**
 * Why a host cannot go on by the ports that are configured (null: none are): what serves on it now would keep its users, or lose
 * them, whatever is deployed. `hasUsers`: whether one of its ports has any. null: nothing stands in the way.
 */
export function strandedText(
  pair: PortPair | null,
  { release, links }: Served,
  hasUsers: boolean,
): { readonly text: string; readonly fix: string } | null {
  const lost = linkedPorts(links).filter(port => !pair?.includes(port))
  const serving = lost.find(port => links[port] === release)
  if (serving !== undefined && pair !== null)
    return {
      text: `it serves on port ${serving}, which is none of ${pair.join(' and ')}: its users would stay there`,
      fix: `change one port at a time: ports: [${serving}, ${pair[0]}], then clonedeploy deploy, then [${pair.join(', ')}]`,
    }
  if (lost.length > 0 && serving === undefined)
    return {
      text: `${listed(lost.map(port => `${links[port]} was started on port ${port}`))}, and is not what it serves`,
      fix: 'with the ports as they were: clonedeploy repair',
    }
  if (serving !== undefined)
    return {
      text: `it serves on port ${serving}, and no ports are configured any more: its users would stay there`,
      fix: `move them to what serves without ports, and end port ${serving}: docs/rollout.md, "Other ports, or none"`,
    }
  if (pair === null || release === null || Object.keys(links).length > 0 || hasUsers) return null
  return {
    text: `it serves ${release} without ports, and neither ${pair.join(' nor ')} has users: those of today would stay where they are`,
    fix: 'say the port on which it serves as one of the two, or move its users to one of them: docs/rollout.md, "Other ports, or none"',
  }
}

function linkedPorts(links: Served['links']): readonly number[] {
  return Object.keys(links).map(Number)
}
