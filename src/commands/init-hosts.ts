import type { Config } from '../config/config.js'
import type { HostInput } from '../config/input.js'
import { sshConfigReader } from '../connection/ssh-config.js'
import type { Host } from '../inventory/host.js'
import type { Look } from '../render/looks.js'

/**
 * The hosts as a machine can find them that has nothing of the user's ssh configuration, with the host keys that were
 * seen to be trusted. A host behind a jump host stays as it is written.
 */
export async function spelledHosts(config: Config, looks: readonly Look[]): Promise<readonly (string | HostInput)[]> {
  const read = sshConfigReader(config.ssh.configFile)
  return Promise.all(
    config.hosts.map(async host => {
      const target = await read(host)
      if (target.jump.length > 0 || target.proxyCommand !== null) return asWritten(host)
      const { hostname, port, user } = target
      const pin = looks.find(({ name }) => name === host.name)?.login?.hostKey?.fingerprint
      return {
        name: host.name,
        ...(hostname === host.name ? {} : { host: hostname }),
        ...(port === 22 ? {} : { port }),
        user,
        ...(pin === undefined ? {} : { hostKey: pin }),
      }
    }),
  )
}

/** Of these hosts, the names of those that a machine without known_hosts would refuse. */
export function withoutPin(hosts: readonly (string | HostInput)[]): readonly string[] {
  return hosts.flatMap(host => (typeof host === 'string' ? [host] : host.hostKey ? [] : [host.name ?? host.host ?? '']))
}

function asWritten({ host, user, port }: Host): string {
  const address = host.includes(':') ? `[${host}]` : host
  return `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`
}
