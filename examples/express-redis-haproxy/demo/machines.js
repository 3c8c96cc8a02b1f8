import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { startHaproxy, takeOut, untilUp } from './haproxy.js'
import { makeKey, sshEntry, startHost } from './host.js'
import { end, endByPid } from './processes.js'
import { startRedis } from './redis.js'

/**
 * Three hosts (an sshd each, with a folder of its own), Redis for their sessions and HAProxy before them, on free ports of
 * 127.0.0.1, with everything in `dir`. `settings` gives the text of a host's app.env.
 */
export function makeMachines(dir) {
  const children = []
  const hosts = []
  const keep = child => {
    children.push(child)
    return child
  }
  return {
    hosts,
    sshConfigFile: join(dir, 'ssh_config'),
    socket: join(dir, 'haproxy.sock'),
    async start(settings) {
      const redisUrl = await startRedis(dir, keep)
      makeKey(join(dir, 'client'))
      for (const name of ['web-1', 'web-2', 'web-3']) {
        const host = await startHost(dir, name, keep)
        writeFileSync(join(host.deployTo, 'shared/app.env'), settings(host, redisUrl))
        hosts.push(host)
      }
      writeFileSync(this.sshConfigFile, hosts.map(host => sshEntry(host, dir)).join('\n'))
      return startHaproxy(dir, hosts, keep)
    },
    /** The release that serves is started on the first of two ports of each host, and HAProxy sends users there; what ran on its one port is ended. */
    async leaveOnePort() {
      for (const host of hosts) await startOnFirst(host)
      await untilUp(
        this.socket,
        hosts.map(({ name, ports }) => `${name}-${ports[0]}`),
      )
      await takeOut(this.socket, hosts)
      for (const { deployTo } of hosts) await endApp(deployTo, 'pid')
    },
    async end() {
      for (const { deployTo, ports } of hosts)
        for (const file of ['pid', ...ports.map(port => `pid-${port}`)]) await endApp(deployTo, file)
      for (const child of children.reverse()) await end(child)
    },
  }
}

/** By hand, with the link that names the release of a port. */
async function startOnFirst({ deployTo, ports: [port] }) {
  const release = realpathSync(join(deployTo, 'current'))
  mkdirSync(join(deployTo, 'ports'))
  symlinkSync(join('../releases', basename(release)), join(deployTo, 'ports', `${port}`))
  execFileSync('sh', ['bin/port.sh', 'start'], { cwd: release, env: { ...process.env, CLONEDEPLOY_PORT: `${port}` } })
}

async function endApp(deployTo, name) {
  const file = join(deployTo, 'shared', name)
  if (existsSync(file)) await endByPid(Number(readFileSync(file, 'utf8')), deployTo)
}
