import type { BalancerConfig, Config } from '../config/config.js'
import { UsageError } from '../errors.js'
import { type Host, substitute, variablesIn } from '../inventory/host.js'
import { type PortPair, portsOn } from '../release/ports.js'
import type { Balancer } from './balancer.js'
import { commandBalancer } from './command.js'
import { haproxy } from './haproxy.js'
import { type Connects, machineFor } from './machine.js'
import { nginx } from './nginx.js'
import { ported, seatOf } from './ported.js'

/** Every balancer that the hosts are behind; nothing is contacted yet. */
export function openBalancers(config: Config, hosts: readonly Host[], ways: Connects): readonly Balancer[] {
  const { balancer } = config
  if (balancer === null) return []
  const behind = hosts.filter(
    ({ roles }) => balancer.roles === null || balancer.roles.some(role => roles.includes(role)),
  )
  if (behind.length === 0) return []
  const pairs = new Map(behind.map(host => [host.name, portsOn(config.restart, host)]))
  const both = new Map([...pairs].flatMap(([name, pair]) => (pair === null ? [] : [[name, pair] as const])))
  const servers = new Map(behind.flatMap(host => serversOf(balancer, host, pairs.get(host.name) ?? null)))
  if (balancer.kind === 'haproxy') demandNames(servers)
  const isPorted = both.size > 0
  const opened = opensOf(config, balancer, behind, servers, isPorted, ways)
  return isPorted ? opened.map(one => ported(one, both)) : opened
}

function opensOf(
  config: Config,
  balancer: BalancerConfig,
  behind: readonly Host[],
  servers: ReadonlyMap<string, string>,
  isPorted: boolean,
  ways: Connects,
): readonly Balancer[] {
  const timeout = config.ssh.connectTimeout
  switch (balancer.kind) {
    case 'haproxy':
      return balancer.hosts.flatMap(host => {
        const door = machineFor(host, ways, timeout)
        return balancer.backends.map(backend => haproxy({ ...balancer, door, backend, servers }))
      })
    case 'nginx':
      return balancer.hosts.map(host =>
        nginx({ ...balancer, door: machineFor(host, ways, timeout), servers, watched: isPorted }),
      )
    case 'command': {
      const named = behind.map(
        host => [host.name, { server: serverOf(balancer, host), variables: variablesOf(config, host) }] as const,
      )
      return [
        commandBalancer({
          ...balancer,
          door: machineFor(here, ways, timeout),
          root: config.root,
          servers: new Map(named),
        }),
      ]
    }
  }
}

const here: Host = { name: 'local', host: 'local', roles: [], deployTo: '/', env: {} }

/** By what the balancer calls them: the host, or each of its ports. */
function serversOf(
  balancer: BalancerConfig,
  host: Host,
  pair: PortPair | null,
): readonly (readonly [string, string])[] {
  if (pair === null) return [[host.name, serverOf(balancer, host)]]
  return pair.map(port => {
    const name = serverOf(balancer, { ...host, env: { ...host.env, CLONEDEPLOY_PORT: String(port) } })
    // The end of a name, or of an address.
    const own = `${balancer.kind === 'nginx' ? ':' : '-'}${port}`
    return [seatOf(host.name, port), saysPort(balancer, host) ? name : `${name}${own}`]
  })
}

function saysPort({ server }: BalancerConfig, host: Host): boolean {
  return variablesIn(typeof server === 'string' ? server : (server[host.name] ?? '')).includes('CLONEDEPLOY_PORT')
}

function serverOf({ server }: BalancerConfig, host: Host): string {
  const text = typeof server === 'string' ? server : (server[host.name] ?? host.name)
  return substitute(text, hostVariables(host))
}

/** What a variable of a host brings in goes to HAProxy's socket, where `;` parts commands. Throws UsageError. */
function demandNames(servers: ReadonlyMap<string, string>): void {
  for (const [host, server] of servers)
    if (!/^[\w.:-]+$/.test(server))
      throw new UsageError(
        `balancer.haproxy.server: for ${host} it is ${JSON.stringify(server)}, which names no server.`,
      )
}

function hostVariables(host: Host): Readonly<Record<string, string>> {
  return { ...host.env, CLONEDEPLOY_HOST: host.name, CLONEDEPLOY_HOST_ADDRESS: host.host }
}

function variablesOf(config: Config, host: Host): Readonly<Record<string, string>> {
  const { balancer, env, app, stage } = config
  const server = balancer === null ? host.name : serverOf(balancer, host)
  return {
    ...env,
    ...hostVariables(host),
    CLONEDEPLOY_APP: app,
    CLONEDEPLOY_STAGE: stage,
    CLONEDEPLOY_SERVER: server,
  }
}
