import { execFileSync } from 'node:child_process'
import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { haproxyBefore, type TestHaproxy } from '../support/haproxy.js'
import { freePort } from '../support/ports.js'
import { type Project, textOf } from '../support/project.js'
import { type Door, doorTo } from './door.js'
import type { Hosts } from './hosts.js'
import { serve, server } from './port-app.js'
import { onScene, type Scene } from './scene.js'
import { app } from './whole.js'

/** A fleet with a process for each of two ports of a host, which serves `old` behind a real HAProxy. */
export interface Ported {
  readonly scene: Scene
  readonly haproxy: TestHaproxy
  /** The way to HAProxy's socket. */
  readonly door: Door
  /** Writes the configuration anew, with this in it, for these hosts. */
  readonly configure: (config?: object, only?: readonly number[]) => void
  /** A line `h2 start`: there this command fails for every release but the one that was served first. */
  readonly faults: (...lines: readonly string[]) => void
  /** What hosts were told to start and stop: `h2 start 3001`. */
  readonly said: () => readonly string[]
  readonly portsOf: (i: number) => readonly [number, number]
  readonly release: (i: number) => string
  /** The ports whose links name a release, with it. */
  readonly linked: (i: number) => readonly (readonly [port: number, release: string])[]
  readonly running: (i: number) => readonly number[]
  readonly pid: (i: number, port: number) => number
  /** Of what serves on each host now. */
  readonly pids: () => readonly number[]
  /** The ports of a host that HAProxy sends users to. */
  readonly ready: (i: number) => Promise<readonly number[]>
  /** What HAProxy's users of a host are answered. */
  readonly answered: (i: number) => Promise<string>
  /** On each of these hosts one process runs, of what `current` names, and it has the users. */
  readonly alone: (on?: readonly number[]) => Promise<void>
  /** The answers to users that come one after the other, until `over`. */
  readonly users: (over: Promise<unknown>) => Promise<readonly string[]>
  /** Starts a host that was stopped, and on it what its links name, as a unit of its own does. */
  readonly boot: (i: number) => Promise<void>
}

export function onPorts(hosts: Hosts): Ported {
  const ports = new Map<number, readonly [number, number]>()
  const here = {} as { haproxy: TestHaproxy; door: Door }
  const scene = onScene(hosts)
  const at = () => scene.project.root
  const on = (i: number, ...path: readonly string[]) => join(at(), `h${i}`, ...path)
  const portsOf = (i: number) => ports.get(i) as readonly [number, number]

  beforeAll(async () => {
    for (const i of hosts.all) ports.set(i, [await freePort(), await freePort()])
    here.haproxy = await haproxyBefore(
      [...ports].flatMap(([i, pair]) => pair.map(port => `h${i}-${port} 127.0.0.1:${port}`)),
    )
    here.door = await doorTo(here.haproxy.socket)
  })
  afterAll(async () => {
    here.door?.remove()
    await here.haproxy?.stop()
  })
  beforeEach(async () => {
    here.door.open()
    // As HAProxy starts.
    await here.haproxy.ask(
      hosts.all.flatMap(i => portsOf(i).map(port => `set server web/h${i}-${port} state ready`)).join(';'),
    )
    scene.project.write({ 'serve.sh': serve, 'app.mjs': server, faults: '', good: '', said: '' })
    ported.configure()
    await scene.deploy('old')
    await ported.alone()
    writeFileSync(join(at(), 'good'), `${ported.release(1)}\n`)
    writeFileSync(join(at(), 'said'), '')
    scene.project.write(app('new'))
  })
  afterEach(() => {
    for (const i of hosts.all)
      for (const port of ported.running(i))
        try {
          process.kill(ported.pid(i, port))
        } catch {}
  })

  const configured = (project: Project, config: object, only: readonly number[]) => {
    const run = (what: string) => `sh "$AT/serve.sh" ${what}`
    const [start, stop] = [run('start'), run('stop')]
    const restart = only.map(i => ({ ports: portsOf(i), start, stop, roles: [`h${i}`] }))
    const health = [
      { url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/health', release: 'body', timeout: '20s' },
      { run: run('look'), timeout: '1s' },
    ]
    const balancer = { haproxy: { host: 'h1', socket: here.door.socket, backend: 'web' } }
    const inventory = only.map(i => ({ name: `h${i}`, roles: [`h${i}`], deployTo: scene.project.on(i) }))
    const whole = { source: { dir: 'site' }, hosts: inventory, restart, health, balancer, env: { AT: at() }, ...config }
    project.configure(whole)
  }

  const ported: Ported = {
    scene,
    get haproxy() {
      return here.haproxy
    },
    get door() {
      return here.door
    },
    configure(config = {}, only = hosts.all) {
      for (const project of [scene.project, scene.other]) configured(project, config, only)
    },
    faults: (...lines) => writeFileSync(join(at(), 'faults'), `${lines.join('\n')}\n`),
    said: () => textOf(join(at(), 'said')).trim().split('\n'),
    portsOf,
    release: i => scene.project.current(i)?.replace('releases/', '') ?? '',
    linked(i) {
      const links = portsOf(i).map(port => [port, scene.project.on(i, 'ports', String(port))] as const)
      return links.flatMap(([port, path]) => (existsSync(path) ? [[port, readlinkSync(path).slice(12)] as const] : []))
    },
    running: i => portsOf(i).filter(port => existsSync(on(i, `pid.${port}`))),
    pid: (i, port) => Number(textOf(on(i, `pid.${port}`))),
    pids: () => hosts.all.map(i => ported.pid(i, ported.running(i)[0] ?? 0)),
    async ready(i) {
      const states = await here.haproxy.states()
      return portsOf(i).filter((_, n) => states[(i - 1) * 2 + n] === 'ready')
    },
    async answered(i) {
      const [port] = await ported.ready(i)
      return (await fetch(`http://127.0.0.1:${port}/health`)).text()
    },
    async alone(which = hosts.all) {
      for (const i of which) {
        const [[port, id] = [], ...more] = ported.linked(i)
        expect(more, `links of h${i}`).toEqual([])
        expect(id, `link of h${i}`).toBe(ported.release(i))
        expect(ported.running(i), `processes of h${i}`).toEqual([port])
        expect(await ported.ready(i), `users of h${i}`).toEqual([port])
        expect(await ported.answered(i), `answer of h${i}`).toBe(ported.release(i))
        expect(existsSync(scene.project.on(i, '.clonedeploy/warm')), `note on h${i}`).toBe(false)
      }
    },
    async users(over) {
      const answers: string[] = []
      const ended = { now: false }
      over.finally(() => {
        ended.now = true
      })
      while (!ended.now) {
        const response = await fetch(here.haproxy.url)
        answers.push(response.ok ? await response.text() : String(response.status))
      }
      return answers
    },
    async boot(i) {
      await hosts.fleet.startHost(i)
      for (const [port, release] of ported.linked(i))
        execFileSync('sh', [join(at(), 'serve.sh'), 'start'], {
          env: {
            ...process.env,
            AT: at(),
            CLONEDEPLOY_HOST: `h${i}`,
            CLONEDEPLOY_PORT: String(port),
            CLONEDEPLOY_RELEASE: release,
          },
        })
    },
  }
  return ported
}
