import type { Config } from '../../config/config.js'
import type { HostInput } from '../../config/input.js'
import type { Host } from '../../inventory/host.js'
import type { Look } from '../../render/reports/found-hosts.js'

/**
 * The hosts as they were named, with the host keys that were seen to be trusted. A name stays the alias that it is: what the
 * user's ssh configuration says of it (keys, certificates, known hosts) is found by it.
 */
export function pinnedHosts(config: Config, looks: readonly Look[]): readonly (string | HostInput)[] {
  return config.hosts.map(host => {
    const pin = looks.find(({ name }) => name === host.name)?.login?.hostKey?.fingerprint
    if (pin === undefined) return asWritten(host)
    const { name, host: alias, user, port } = host
    return {
      name,
      ...(alias === name ? {} : { host: alias }),
      ...(port === undefined ? {} : { port }),
      ...(user === undefined ? {} : { user }),
      hostKey: pin,
    }
  })
}

/** Of these hosts, the names of those that a machine without known_hosts would refuse. */
export function withoutPin(hosts: readonly (string | HostInput)[]): readonly string[] {
  return hosts.flatMap(host => (typeof host === 'string' ? [host] : host.hostKey ? [] : [host.name ?? host.host ?? '']))
}

function asWritten({ host, user, port }: Host): string {
  const address = host.includes(':') ? `[${host}]` : host
  return `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`
}
