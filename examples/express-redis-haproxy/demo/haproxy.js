import { join } from 'node:path'
import { listens } from './listens.js'
import { freePort, start, until } from './processes.js'

/** HAProxy with the configuration of this example; the address for users. */
export async function startHaproxy(dir, hosts, keep) {
  const port = await freePort()
  const addresses = hosts.map(host => [host.name.toUpperCase().replace('-', '_'), `127.0.0.1:${host.port}`])
  const env = { RUN: dir, PORT: `${port}`, ...Object.fromEntries(addresses) }
  const config = join(import.meta.dirname, '../haproxy.cfg')
  const haproxy = keep(start('haproxy', ['-db', '-f', config], { log: join(dir, 'haproxy.log'), env }))
  await until(() => listens(port), haproxy)
  return `http://127.0.0.1:${port}`
}
