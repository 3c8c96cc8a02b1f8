import type { BalancerConfig, Config } from '../config/config.js'
import { UsageError } from '../errors.js'
import { type Host, substitute } from '../inventory/host.js'
import type { Balancer } from './balancer.js'
import { commandBalancer } from './command.js'
import { haproxy } from './haproxy.js'
import { type Connects, machineFor } from './machine.js'
import { nginx } from './nginx.js'

/** Every balancer that the hosts are behind; nothing is contacted yet. */
export function openBalancers(config: Config, hosts: readonly Host[], ways: Connects): readonly Balancer[] {
  const { balancer } = config
  if (balancer === null) return []
  const behind = hosts.filter(
    ({ roles }) => balancer.roles === null || balancer.roles.some(role => roles.includes(role)),
  )
  if (behind.length === 0) return []
  const timeout = config.ssh.connectTimeout
  const servers = new Map(behind.map(host => [host.name, serverOf(balancer, host)]))
  if (balancer.kind === 'haproxy') demandNames(servers)
  switch (balancer.kind) {
    case 'haproxy':
      return balancer.hosts.flatMap(host => {
        const door = machineFor(host, ways, timeout)
        return balancer.backends.map(backend => haproxy({ ...balancer, door, backend, servers }))
      })
    case 'nginx':
      return balancer.hosts.map(host => nginx({ ...balancer, door: machineFor(host, ways, timeout), servers }))
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

function serverOf({ server }: BalancerConfig, host: Host): string {
  return typeof server === 'string' ? substitute(server, hostVariables(host)) : (server[host.name] ?? host.name)
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
