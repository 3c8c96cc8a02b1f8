import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haproxyBefore, type TestHaproxy } from '../support/haproxy.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onPorts } from './ported.js'
import { version } from './whole.js'

// Each sees a HAProxy of its own at the same path: hosts have mounts of their own, which only root can make.
const isRoot = process.getuid?.() === 0

describe.skipIf(!sshdIsHere() || !isRoot)('hosts with two ports behind two HAProxies', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-balancers-'))
  const own = (i: number) => join(dir, `h${i}`)
  const here = join(dir, 'here')
  const hosts = onHosts(3, i => [`mkdir -p ${own(i)} ${here}`, `mount --bind ${own(i)} ${here}`])
  const haproxies: TestHaproxy[] = []
  const ready = async (n: number, i: number) => {
    const states = (await haproxies[n]?.states()) ?? []
    return portsOf(i).filter((_, port) => states[(i - 1) * 2 + port] === 'ready')
  }
  const { scene, portsOf, release, running, pid, alone } = onPorts(hosts, {
    balancer: () => ({ haproxy: { host: ['h1', 'h2'], socket: join(here, 'admin.sock'), backend: 'web' } }),
    async ready(i) {
      const [first, second] = [await ready(0, i), await ready(1, i)]
      expect(second, `users of h${i} in both`).toEqual(first)
      return first
    },
  })
  const versions = () => hosts.all.map(i => version(scene.project, i))
  const home = () => hosts.all.map(i => running(i)[0] ?? 0)
  const pids = (ports: readonly number[]) => hosts.all.map((i, n) => pid(i, ports[n] ?? 0))
  /** From now on the second one is at this socket. */
  const lay = (socket: string, i = 2) => {
    rmSync(join(own(i), 'admin.sock'), { force: true })
    symlinkSync(socket, join(own(i), 'admin.sock'))
  }

  beforeAll(async () => {
    const servers = hosts.all.flatMap(i => portsOf(i).map(port => `h${i}-${port} 127.0.0.1:${port} check inter 200`))
    for (const i of [1, 2]) {
      const haproxy = await haproxyBefore(servers)
      haproxies.push(haproxy)
      mkdirSync(own(i), { recursive: true })
      lay(haproxy.socket, i)
    }
  })
  afterAll(async () => {
    for (const haproxy of haproxies) await haproxy.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('have their users sent to the other port by one after the other, in one window', async () => {
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/3\/3 switched in [\d.]+ ms/)
    expect(versions()).toEqual(['new', 'new', 'new'])
    await alone()
    await scene.consistent()
  })

  it('go back in the first one where the second one refuses, with 5', async () => {
    const [old, ports] = [release(1), home()]
    const before = pids(ports)
    const held = startHeld(scene.project, 'deploy --json', { kind: 'flip', k: 1, when: 'after' })
    expect(await held.reached()).toBe(true)
    lay(haproxies[1]?.userSocket ?? '')
    held.resume()
    const { code, stderr } = await held.ended
    lay(haproxies[1]?.socket ?? '')
    expect(code, stderr).toBe(5)
    expect(stderr).toContain('HAProxy h2 web refused')
    expect(release(1)).toBe(old)
    expect(pids(ports)).toEqual(before)
    await alone()
    await scene.consistent()
  })

  it('go back in the first one where the second one is lost, with 6, until a repair reaches it', async () => {
    const [old, ports] = [release(1), home()]
    const before = pids(ports)
    const held = startHeld(scene.project, 'deploy --json', { kind: 'flip', k: 2, when: 'before' })
    expect(await held.reached()).toBe(true)
    await haproxies[1]?.kill()
    held.resume()
    const { code, stdout, stderr } = await held.ended
    expect(code, stderr).toBe(6)
    expect(stderr).toContain('clonedeploy repair')
    expect(JSON.parse(stdout).result).toBe('mixed')
    expect(versions()).toEqual(['old', 'old', 'old'])
    expect(release(1)).toBe(old)
    for (const i of hosts.all) expect(await ready(0, i)).toEqual([ports[i - 1]])
    expect(pids(ports)).toEqual(before)
    // What it may send users to goes on running.
    for (const i of hosts.all) expect(running(i)).toEqual(portsOf(i))
    await haproxies[1]?.start()
    const status: Json = (await scene.other.run('status --json')).json()
    expect(status.exitCode).toBe(6)
    expect(status.hosts.map(({ verdict }: Json) => verdict)).toEqual(hosts.all.map(() => 'other port'))
    await scene.repair(['old'])
    expect(pids(ports)).toEqual(before)
    await alone()
    await scene.consistent()
  })
})
