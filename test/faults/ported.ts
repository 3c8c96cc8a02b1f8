import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { freePort } from '../support/ports.js'
import { textOf } from '../support/project.js'
import type { Hosts } from './hosts.js'
import { serve, server } from './port-app.js'
import { onScene, type Scene } from './scene.js'
import { app } from './whole.js'

/** A fleet whose hosts have a process for each of two ports, behind balancers of which nothing is known here. */
export interface Ported {
  readonly scene: Scene
  readonly pair: (i: number) => readonly [number, number]
  readonly release: (i: number) => string
  readonly running: (i: number) => readonly number[]
  readonly pid: (i: number, port: number) => number
  readonly faults: (...lines: readonly string[]) => void
  /** On every host one process runs, of what `current` names, and it alone has the users. */
  readonly alone: () => Promise<void>
}

interface Behind {
  /** The configuration of the balancer. */
  readonly config: () => object
  /** The ports of a host that users are sent to. */
  readonly ready: (i: number) => Promise<readonly number[]>
}

export function onPorts(hosts: Hosts, { config, ready }: Behind): Ported {
  const pairs = new Map<number, readonly [number, number]>()
  const scene = onScene(hosts)
  const on = (i: number, ...path: readonly string[]) => join(scene.project.root, `h${i}`, ...path)
  const pair = (i: number) => pairs.get(i) ?? ([0, 0] as const)
  const release = (i: number) => scene.project.current(i)?.replace('releases/', '') ?? ''
  const running = (i: number) => pair(i).filter(port => existsSync(on(i, `pid.${port}`)))
  const pid = (i: number, port: number) => Number(textOf(on(i, `pid.${port}`)))
  const link = (i: number, port: number) => scene.project.on(i, 'ports', String(port))
  const alone = async () => {
    for (const i of hosts.all) {
      const linked = pair(i).filter(port => existsSync(link(i, port)))
      expect(running(i), `processes of h${i}`).toEqual(linked)
      expect(await ready(i), `users of h${i}`).toEqual(linked)
      expect(linked.map(port => readlinkSync(link(i, port)).slice(12))).toEqual([release(i)])
    }
  }
  beforeAll(async () => {
    for (const i of hosts.all) pairs.set(i, [await freePort(), await freePort()])
  })
  beforeEach(async () => {
    const { root } = scene.project
    scene.project.write({ 'serve.sh': serve, 'app.mjs': server, faults: '', good: '', said: '' })
    const run = (what: string) => `sh "$AT/serve.sh" ${what}`
    const restart = hosts.all.map(i => ({ ports: pair(i), start: run('start'), stop: run('stop'), roles: [`h${i}`] }))
    const health = [
      { url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/health', release: 'body', timeout: '20s' },
      { run: run('look'), timeout: '1s' },
    ]
    for (const project of [scene.project, scene.other])
      project.configure({ source: { dir: 'site' }, restart, health, balancer: config(), env: { AT: root } }, i => ({
        roles: [`h${i}`],
        deployTo: scene.project.on(i),
      }))
    await scene.deploy('old')
    await alone()
    writeFileSync(join(root, 'good'), `${release(1)}\n`)
    scene.project.write(app('new'))
  })
  afterEach(() => {
    for (const i of hosts.all)
      for (const port of running(i))
        try {
          process.kill(pid(i, port))
        } catch {}
  })
  const faults = (...lines: readonly string[]) =>
    writeFileSync(join(scene.project.root, 'faults'), `${lines.join('\n')}\n`)
  return { scene, pair, release, running, pid, faults, alone }
}
