import type { Host } from '../inventory/host.js'
import type { EmbeddedFleet } from './server.js'

/** The hosts of a configuration, with what it takes to reach them by ssh while the fleet is up. */
export function embeddedHosts(hosts: readonly Host[], fleet: EmbeddedFleet): readonly Host[] {
  return hosts.map(host => {
    const up = fleet.hosts.find(({ name }) => name === host.name)
    if (up === undefined) throw new Error(`${host.name} is not one of the embedded hosts`)
    return {
      ...host,
      host: '127.0.0.1',
      port: up.port,
      user: fleet.login,
      identityFile: fleet.identityFile,
      hostKey: up.hostKey,
      env: { APP_PORT: String(up.appPort), ...host.env },
    }
  })
}
