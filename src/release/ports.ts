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
 * both are of one release), the one that the balancer sends users to.
 */
export function homePort([first, second]: PortPair, { release, links }: Served, ready: readonly number[]): number {
  const both = [first, second]
  const named = both.filter(port => release !== null && links[port] === release)
  const unused = both.filter(port => links[port] === undefined)
  const candidates = [named, unused, both].find(({ length }) => length > 0) ?? both
  return candidates.find(port => ready.includes(port)) ?? candidates[0] ?? first
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
