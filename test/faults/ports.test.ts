import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { haproxyBefore, type TestHaproxy } from '../support/haproxy.js'
import { freePort } from '../support/ports.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { serve, server } from './port-app.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

describe.skipIf(!sshdIsHere())('a release on the idle port of each host', () => {
  const hosts = onHosts()
  const ports = new Map<number, readonly [number, number]>()
  let haproxy: TestHaproxy
  const scene = onScene(hosts)
  const at = () => scene.project.root
  const on = (i: number, ...path: readonly string[]) => join(at(), `h${i}`, ...path)
  const release = (i: number) => scene.project.current(i)?.replace('releases/', '') ?? ''
  const linked = (i: number) => {
    const links = (ports.get(i) ?? []).map(port => [port, scene.project.on(i, 'ports', String(port))] as const)
    return links.flatMap(([port, path]) => (existsSync(path) ? [[port, readlinkSync(path).slice(12)] as const] : []))
  }
  const running = (i: number) => (ports.get(i) ?? []).filter(port => existsSync(on(i, `pid.${port}`)))
  const pid = (i: number, port: number) => Number(textOf(on(i, `pid.${port}`)))
  const said = () => textOf(join(at(), 'said')).trim().split('\n')
  const faults = (...lines: readonly string[]) => writeFileSync(join(at(), 'faults'), `${lines.join('\n')}\n`)
  /** The ports of a host that HAProxy sends users to. */
  const ready = async (i: number) => {
    const states = await haproxy.states()
    return (ports.get(i) ?? []).filter((_, n) => states[(i - 1) * 2 + n] === 'ready')
  }
  /** What HAProxy's users of each host are answered. */
  const answered = async (i: number) => {
    const [port] = await ready(i)
    return (await fetch(`http://127.0.0.1:${port}/health`)).text()
  }
  /** One process runs, of what `current` names, and it has the users. */
  const alone = async () => {
    for (const i of hosts.all) {
      const [[port, id] = [], ...more] = linked(i)
      expect(more, `links of h${i}`).toEqual([])
      expect(id, `link of h${i}`).toBe(release(i))
      expect(running(i), `processes of h${i}`).toEqual([port])
      expect(await ready(i), `users of h${i}`).toEqual([port])
      expect(await answered(i), `answer of h${i}`).toBe(release(i))
      expect(existsSync(scene.project.on(i, '.clonedeploy/warm')), `note on h${i}`).toBe(false)
    }
  }
  /** Users that come one after the other, until `over`. */
  const users = async (over: Promise<unknown>) => {
    const answers: string[] = []
    const ended = { now: false }
    over.finally(() => {
      ended.now = true
    })
    while (!ended.now) {
      const response = await fetch(haproxy.url)
      answers.push(response.ok ? await response.text() : String(response.status))
    }
    return answers
  }

  beforeAll(async () => {
    for (const i of hosts.all) ports.set(i, [await freePort(), await freePort()])
    haproxy = await haproxyBefore(
      [...ports].flatMap(([i, pair]) => pair.map(port => `h${i}-${port} 127.0.0.1:${port}`)),
    )
  })
  afterAll(() => haproxy?.stop())
  beforeEach(async () => {
    scene.project.write({ 'serve.sh': serve, 'app.mjs': server, faults: '', good: '', said: '' })
    const run = (what: string) => `sh "$AT/serve.sh" ${what}`
    const restart = hosts.all.map(i => ({
      ports: ports.get(i),
      start: run('start'),
      stop: run('stop'),
      roles: [`h${i}`],
    }))
    const health = [
      { url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/health', release: 'body', timeout: '20s' },
      { run: run('look'), timeout: '1s' },
    ]
    const balancer = { haproxy: { host: 'h1', socket: haproxy.socket, backend: 'web' } }
    const config = { source: { dir: 'site' }, restart, health, balancer, env: { AT: at() } }
    for (const project of [scene.project, scene.other])
      project.configure(config, i => ({ roles: [`h${i}`], deployTo: scene.project.on(i) }))
    await scene.deploy('old')
    await alone()
    writeFileSync(join(at(), 'good'), `${release(1)}\n`)
    writeFileSync(join(at(), 'said'), '')
    scene.project.write(app('new'))
  })
  afterEach(() => {
    for (const i of hosts.all)
      for (const port of running(i))
        try {
          process.kill(pid(i, port))
        } catch {}
  })

  it('is healthy on all of them before HAProxy sends all users there at once, and the old ones run until the end', async () => {
    const [old, before] = [release(1), hosts.all.map(i => running(i)[0])]
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/3\/3 switched in [\d.]+ ms/)
    expect([...new Set(answers)]).toEqual([old, release(1)])
    expect(answers.lastIndexOf(old)).toBeLessThan(answers.indexOf(release(1)))
    const order = said().map(line => line.split(' ')[1])
    expect(order).toEqual(['start', 'start', 'start', 'stop', 'stop', 'stop'])
    expect(hosts.all.map(i => running(i)[0])).not.toEqual(before)
    await alone()
    await scene.consistent()
  })

  it('that one host cannot start is met by nobody, with 3', async () => {
    faults('h2 start')
    const [old, before] = [release(1), hosts.all.map(i => pid(i, running(i)[0] ?? 0))]
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('no start here')
    expect([...new Set(answers)]).toEqual([old])
    expect(hosts.all.map(i => pid(i, running(i)[0] ?? 0))).toEqual(before)
    await alone()
  })

  exhaustively('that is not well when users have come goes back to processes that never stopped, with 5', async () => {
    faults('h2 look')
    const [old, before] = [release(1), hosts.all.map(i => pid(i, running(i)[0] ?? 0))]
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(5)
    expect(answers.every(answer => answer !== '503')).toBe(true)
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old', 'old'])
    expect(hosts.all.map(i => pid(i, running(i)[0] ?? 0))).toEqual(before)
    expect(release(1)).toBe(old)
    await alone()
  })

  it.each([
    ['after', 'old'] as const,
    ...exhaustive([['before', 'old'] as const]),
  ])('whose controller dies %s the flip is told by status, and a repair sends users home', async (when, then) => {
    const old = release(1)
    const held = startHeld(scene.project, 'deploy', { kind: 'flip', k: 1, when })
    expect(await held.reached()).toBe(true)
    if (when === 'after') await vi.waitFor(async () => expect(await answered(1)).not.toBe(old), 300_000)
    held.child.kill('SIGKILL')
    await held.ended
    await hosts.letTimePass(scene.folders)
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old', 'old'])
    const served = await Promise.all(hosts.all.map(answered))
    expect(new Set(served).size, 'all users get the same').toBe(1)
    expect(served[0] === old).toBe(when === 'before')
    const status: Json = (await scene.other.run('status --json')).json()
    expect(status.exitCode).toBe(6)
    expect(status.hosts.map(({ verdict }: Json) => verdict)).toEqual(
      hosts.all.map(() => (when === 'after' ? 'other port' : 'warm')),
    )
    const before = hosts.all.map(i => pid(i, linked(i).find(([, id]) => id === old)?.[0] ?? 0))
    await scene.repair([then])
    expect(hosts.all.map(i => pid(i, running(i)[0] ?? 0))).toEqual(before)
    await alone()
    await scene.deploy('newer')
    await alone()
    await scene.consistent()
  })

  exhaustively('is not deployed where users are not at what current names', async () => {
    await scene.deploy('newer')
    const [a, b] = ports.get(2) ?? []
    const [home] = await ready(2)
    const other = home === a ? b : a
    await haproxy.ask(`set server web/h2-${other} state ready;set server web/h2-${home} state maint`)
    scene.project.write(app('new'))
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(3)
    expect(stderr).toContain(`sends its users to port ${other}`)
    await scene.repair(['newer'])
    await alone()
  })

  exhaustively('is started anew by a restart, on the other port', async () => {
    const before = hosts.all.map(i => running(i)[0])
    const restart = scene.project.run('restart --json')
    const answers = await users(restart)
    const { code, stderr } = await restart
    expect(code, stderr).toBe(0)
    expect([...new Set(answers)]).toEqual([release(1)])
    for (const i of hosts.all) expect(running(i)[0]).not.toBe(before[i - 1])
    await alone()
    await scene.consistent()
  })
})
