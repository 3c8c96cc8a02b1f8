import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { moveToPorts, onPorts } from './ports.js'

const plain = `restart: 'sh bin/restart.sh',`
const reload = `restart: 'sh bin/serve.sh reload',`
/** Is well until users are sent to the release that it is asked of. */
const failsOnceServed = `{ run: '[ "$(readlink ../../current)" != "releases/$CLONEDEPLOY_RELEASE" ]', timeout: '1s' }`
const batches = 'rollout: { batch: 1 },'

/** The same deploy with an app that is simply ended and started again. `step` deploys and counts, `prepare` deploys only. */
export async function compare({ dir, project, machines, prepare, step }) {
  project.configure(`health: [{ ...config.health, url: 'http://127.0.0.1:$PORT/healthz' }, ${failsOnceServed}],`)
  await step('put back after the cut-over', 5, 'Version 4')
  project.configure(reload)
  await prepare('Reloaded')
  await step('reload, all at once', 0, 'Reload 1')
  await step('reload, failed deploy', 5, 'Reload 2, write to {CONTACT}')
  await step('reload, rollback', 0, null, ['rollback', '--yes'])
  copyFileSync(join(import.meta.dirname, 'restart.sh'), join(dir, 'app/bin/restart.sh'))
  const haproxy = JSON.stringify({ host: 'web-1', socket: machines.socket, backend: 'web' })
  project.configure(plain)
  await prepare('Started in the plain way')
  await step('plain restart, all at once', 0, 'Plain 1')
  project.configure(`${plain} ${batches}`)
  await step('plain restart, in batches, not drained', 0, 'Plain 2')
  project.configure(`${plain} ${batches} balancer: { haproxy: ${haproxy} },`)
  await step('plain restart, in batches, drained', 0, 'Plain 3')
  await moveToPorts({ dir, project, machines, prepare })
  await step('two ports', 0, 'Ports 1')
  await step('two ports, failed deploy', 3, 'Ports 2, write to {CONTACT}')
  project.configure(onPorts(machines, failsOnceServed))
  await step('two ports, put back after the cut-over', 5, 'Ports 3')
  project.configure(onPorts(machines))
  await step('two ports, rollback', 0, null, ['rollback', '--yes'])
}
