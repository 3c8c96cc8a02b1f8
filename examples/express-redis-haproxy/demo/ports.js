import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

/** The app on two ports of each host, and HAProxy sends all users to one of them: its backend `ports` in place of `web`. */
export async function moveToPorts({ dir, project, machines, prepare }) {
  copyFileSync(join(import.meta.dirname, 'port.sh'), join(dir, 'app/bin/port.sh'))
  await prepare('On one port, with what starts it on two')
  // What serves is not moved by a new configuration: users first go to the same release on the first of the two ports.
  await machines.leaveOnePort()
  project.configure(onPorts(machines))
  await prepare('On the second of two ports')
}

/** The configuration of the app on two ports; `check`: one more check of its health. */
export function onPorts({ hosts, socket }, check = '') {
  const restart = hosts.map(({ name, ports }) => ({
    ports,
    start: 'sh bin/port.sh start',
    stop: 'sh bin/port.sh stop',
    roles: [name],
  }))
  return `restart: ${JSON.stringify(restart)},
  health: [{ ...config.health, url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/healthz' }, ${check}],
  balancer: { haproxy: ${JSON.stringify({ host: 'web-1', socket, backend: 'ports' })} },`
}
