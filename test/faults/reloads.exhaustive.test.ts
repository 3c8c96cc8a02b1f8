import { exec } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isHere } from '../support/installed.js'
import { nginxBefore, type TestNginx } from '../support/nginx.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onPorts } from './ported.js'
import { version } from './whole.js'

describe.skipIf(!sshdIsHere() || !isHere('nginx'))('a release on the idle port of each host behind nginx', () => {
  const hosts = onHosts()
  let nginx: TestNginx
  const { scene, portsOf, release, running, pid, faults, alone } = onPorts(hosts, {
    balancer: () => ({
      nginx: {
        host: 'h1',
        upstreamFile: nginx.upstreamFile,
        test: nginx.test,
        reload: nginx.reload,
        server: '127.0.0.1',
      },
    }),
    ready: async i => portsOf(i).filter(port => nginx.live().includes(`127.0.0.1:${port}`)),
  })
  /** Users that come one after the other, each by a connection of its own, until `over`. */
  const users = async (over: Promise<unknown>) => {
    const answers: string[] = []
    const ended = { now: false }
    over.finally(() => {
      ended.now = true
    })
    while (!ended.now) {
      const response = await fetch(nginx.url, { headers: { connection: 'close' } })
      answers.push(response.ok ? await response.text() : String(response.status))
    }
    return answers
  }
  const versions = () => hosts.all.map(i => version(scene.project, i))
  const pids = () => hosts.all.map(i => pid(i, running(i)[0] ?? 0))

  beforeAll(async () => {
    const servers = hosts.all.map(i => portsOf(i).map(port => `127.0.0.1:${port}`))
    nginx = await nginxBefore(
      servers.flat(),
      servers.flatMap(([, second]) => second ?? []),
    )
  })
  afterAll(() => nginx?.stop())

  it('is healthy on all of them before one reload sends all users there', async () => {
    const old = release(1)
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/3\/3 switched in [\d.]+ ms: all new connections; old workers end those they hold/)
    expect([...new Set(answers)].sort()).toEqual([old, release(1)].sort())
    await alone()
    await scene.consistent()
    await scene.deploy('newer')
    await alone()
  })

  it('is met by nobody, with 5, where nginx does not take the reload', async () => {
    const [old, before] = [release(1), pids()]
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    nginx.listenOn((taken.address() as AddressInfo).port)
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    taken.close()
    nginx.listenOn()
    expect(code, stderr).toBe(5)
    expect(stderr).toContain('nginx goes on as before, although it was told to reload: its error log says why')
    expect([...new Set(answers)]).toEqual([old])
    expect(versions()).toEqual(['old', 'old', 'old'])
    expect(pids()).toEqual(before)
    await alone()
    await scene.consistent()
  })

  it('that is not well when users have come goes back by one reload, with 5', async () => {
    faults('h2 look')
    const before = pids()
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(5)
    expect(answers.every(answer => !/^5/.test(answer))).toBe(true)
    expect(versions()).toEqual(['old', 'old', 'old'])
    expect(pids()).toEqual(before)
    await alone()
  })

  it('leaves out a host that somebody has taken out of nginx, and serves there on the other port', async () => {
    const address = (port: number) => `127.0.0.1:${port}`
    const tell = async (text: string) => {
      nginx.write(text)
      await promisify(exec)(nginx.reload)
    }
    const before = running(2)
    const out = portsOf(2).reduce(
      (text, port) => text.replace(`${address(port)};`, `${address(port)} down;`),
      nginx.text(),
    )
    await tell(out)
    const deploy = await scene.project.run('deploy --json')
    expect(deploy.code, deploy.stderr).toBe(0)
    expect(deploy.stderr).toContain('h2 is drained in nginx')
    const [now = 0] = running(2)
    expect([before.length, before.includes(now)]).toEqual([1, false])
    expect(deploy.stderr.split('\n').filter(line => line.includes('→ port'))).toHaveLength(2)
    expect(deploy.stderr).toContain(`out of service, on port ${now} from now on`)
    expect(nginx.live().filter(one => portsOf(2).map(address).includes(one))).toEqual([])
    expect(versions()).toEqual(['new', 'new', 'new'])
    await alone([1, 3])
    const { stdout } = await scene.project.run('status')
    expect(stdout).toContain(`${now}, no users`)
    await tell(nginx.text().replace(`${address(now)} down;`, `${address(now)};`))
    await alone()
    await scene.deploy('newer')
    await alone()
    await scene.consistent()
  })

  it('whose controller dies after the reload is told by status, and a repair sends users home', async () => {
    const [before, users] = [pids(), nginx.live()]
    const held = startHeld(scene.project, 'deploy', { kind: 'confirm', k: 1, when: 'before' })
    expect(await held.reached()).toBe(true)
    expect(nginx.live()).not.toEqual(users)
    held.child.kill('SIGKILL')
    await held.ended
    await hosts.letTimePass(scene.folders)
    expect(versions()).toEqual(['old', 'old', 'old'])
    const status: Json = (await scene.other.run('status --json')).json()
    expect(status.exitCode).toBe(6)
    expect(status.hosts.map(({ verdict }: Json) => verdict)).toEqual(hosts.all.map(() => 'other port'))
    await scene.repair(['old'])
    expect(pids()).toEqual(before)
    await alone()
    await scene.consistent()
  })
})
