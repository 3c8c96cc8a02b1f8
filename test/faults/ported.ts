import { execFileSync } from 'node:child_process'
import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { freePort } from '../support/ports.js'
import { type Project, textOf } from '../support/project.js'
import type { Hosts } from './hosts.js'
import { serve, server } from './port-app.js'
import { onScene, type Scene } from './scene.js'
import { app } from './whole.js'

/** A fleet with a process for each of two ports of a host, which serves `old` behind balancers of which nothing is known here. */
export interface Ported {
  readonly scene: Scene
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
  /** On each of these hosts one process runs, of what `current` names, and it has the users. */
  readonly alone: (on?: readonly number[]) => Promise<void>
  /** Starts a host that was stopped, and on it what its links name, as a unit of its own does. */
  readonly boot: (i: number) => Promise<void>
  /** A host loses its power: its processes are gone with it. */
  readonly cut: (i: number) => Promise<void>
}

interface Behind {
  /** The configuration of the balancer. */
  readonly balancer: () => object
  /** The ports of a host that users are sent to. */
  readonly ready: (i: number) => Promise<readonly number[]>
  /** Lets it send users to all ports, as it does when it starts. */
  readonly reset?: () => Promise<unknown>
}

export function onPorts(hosts: Hosts, { balancer, ready, reset }: Behind): Ported {
  const pairs = new Map<number, readonly [number, number]>()
  const scene = onScene(hosts)
  const at = () => scene.project.root
  const on = (i: number, ...path: readonly string[]) => join(at(), `h${i}`, ...path)
  const portsOf = (i: number) => pairs.get(i) as readonly [number, number]

  beforeAll(async () => {
    for (const i of hosts.all) pairs.set(i, [await freePort(), await freePort()])
  })
  beforeEach(async () => {
    await reset?.()
    scene.project.write({ 'serve.sh': serve, 'app.mjs': server, faults: '', good: '', said: '' })
    ported.configure()
    await scene.deploy('old')
    await ported.alone()
    writeFileSync(join(at(), 'good'), `${ported.release(1)}\n`)
    writeFileSync(join(at(), 'said'), '')
    scene.project.write(app('new'))
  })
  afterEach(() => {
    for (const i of hosts.all) end(i)
  })

  const end = (i: number) => {
    for (const port of ported.running(i))
      try {
        process.kill(ported.pid(i, port))
      } catch {}
  }
  const configured = (project: Project, config: object, only: readonly number[]) => {
    const run = (what: string) => `sh "$AT/serve.sh" ${what}`
    const [start, stop] = [run('start'), run('stop')]
    const restart = only.map(i => ({ ports: portsOf(i), start, stop, roles: [`h${i}`] }))
    const health = [
      { url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/health', release: 'body', timeout: '20s' },
      { run: run('look'), timeout: '1s' },
    ]
    const inventory = only.map(i => ({ name: `h${i}`, roles: [`h${i}`], deployTo: scene.project.on(i) }))
    const rest = { source: { dir: 'site' }, hosts: inventory, restart, health, balancer: balancer() }
    project.configure({ ...rest, env: { AT: at() }, ...config })
  }

  const ported: Ported = {
    scene,
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
    async alone(which = hosts.all) {
      for (const i of which) {
        const [[port, id] = [], ...more] = ported.linked(i)
        expect(more, `links of h${i}`).toEqual([])
        expect(id, `link of h${i}`).toBe(ported.release(i))
        expect(ported.running(i), `processes of h${i}`).toEqual([port])
        expect(await ready(i), `users of h${i}`).toEqual([port])
        const answer = await fetch(`http://127.0.0.1:${port}/health`)
        expect(await answer.text(), `answer of h${i}`).toBe(ported.release(i))
        expect(existsSync(scene.project.on(i, '.clonedeploy/warm')), `note on h${i}`).toBe(false)
      }
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
      // It has booted when what its links name answers. A run that goes on may end some of it meanwhile: that has no link any more.
      await vi.waitFor(async () => {
        for (const [port] of ported.linked(i)) await fetch(`http://127.0.0.1:${port}/health`)
      }, 60_000)
    },
    async cut(i) {
      await hosts.fleet.stopHost(i)
      end(i)
    },
  }
  return ported
}
