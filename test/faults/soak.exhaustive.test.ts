import { describe, expect, it, vi } from 'vitest'
import { ageLocks } from '../support/lease.js'
import type { Ended, Project } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { dice } from './dice.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { expectTruth } from './truth.js'
import { app, expectWhole, version } from './whole.js'

const seed = Number(process.env.CLONEDEPLOY_SEED ?? Date.now() % 1_000_000)
const steps = Number(process.env.CLONEDEPLOY_SOAK ?? 20)

// Random commands with random faults, one after the other on one fleet. What comes of each is checked against what may:
// one of the versions that it was about, everywhere, and never another. CLONEDEPLOY_SOAK=300 makes it long,
// CLONEDEPLOY_SEED=N does again what was done (the dice at least: the machine has its own).
describe.skipIf(!sshdIsHere())('a fleet', () => {
  const hosts = onHosts()
  const scene = onScene(hosts, () => ({ keepReleases: 3 }))
  const { roll, pick } = dice(seed)
  const served = () => hosts.all.map(i => version(scene.project, i))

  const faults = {
    async none(project: Project, args: string) {
      return project.run(args)
    },
    async 'controller killed'(project: Project, args: string) {
      const running = startHeld(project, args, { k: roll(48), kind: 'any', when: pick(['before', 'after']) })
      if (await running.reached()) running.child.kill('SIGKILL')
      return running.ended
    },
    async 'controller told to stop'(project: Project, args: string) {
      const running = startHeld(project, args, { k: roll(48), kind: 'any', when: 'after' })
      await running.reached()
      running.child.kill(pick(['SIGINT', 'SIGTERM', 'SIGHUP']))
      running.resume()
      return running.ended
    },
    async 'controller asleep'(project: Project, args: string) {
      const running = startHeld(project, args, { k: roll(48), kind: 'any', when: 'after' })
      await running.reached()
      await hosts.letTimePass(scene.folders, 'waiting')
      running.resume()
      return running.ended
    },
    async 'connection lost'(project: Project, args: string) {
      const running = startHeld(project, args, { k: roll(48), kind: 'any', when: pick(['before', 'after']) })
      await running.reached()
      hosts.fleet.dropConnections(pick(hosts.all))
      running.resume()
      return running.ended
    },
    async 'host rebooted'(project: Project, args: string) {
      const host = pick(hosts.all)
      const running = stopping(project, args, host, 'hang')
      await running.reached
      await hosts.fleet.stopHost(host)
      await hosts.fleet.startHost(host)
      hosts.unstop()
      return running.ended
    },
    async 'shell killed'(project: Project, args: string) {
      const running = stopping(project, args, pick(hosts.all), 'kill')
      await running.reached
      hosts.unstop()
      return running.ended
    },
  } as const

  const names = Object.keys(faults) as (keyof typeof faults)[]

  const stopping = (project: Project, args: string, host: number, how: 'hang' | 'kill') => {
    hosts.stopAt(host, roll(48), '*', how)
    const { ended } = project.start(args)
    const over = { now: false }
    ended.then(() => {
      over.now = true
    })
    const reached = vi.waitFor(() => expect(hosts.stopped(host) || over.now).toBe(true), {
      timeout: 300_000,
      interval: 10,
    })
    return { ended, reached }
  }

  it(
    `serves one version after ${steps} commands with faults (CLONEDEPLOY_SEED=${seed})`,
    { timeout: steps * 120_000 },
    async () => {
      await scene.deploy('v0')
      const known = ['v0']
      const counts = new Map<string, number>()
      for (let step = 1; step <= steps; step++) {
        const before = served()[0] ?? null
        const project = pick([scene.project, scene.other])
        const command = pick(['deploy', 'deploy', 'deploy', 'rollback -y', 'repair'])
        const fault = pick(names)
        const next = command === 'deploy' ? `v${step}` : null
        if (next !== null) project.write(app(next))
        const ended = await faults[fault](project, command)
        hosts.unstop()
        if (next !== null && ended.signal === null) expectTruth(scene.project, hosts.all, ended, before, next)
        // Where that left something to repair, a third of the repairs are hit as well.
        const again = roll(3) === 1 ? pick(names) : null
        if (again !== null) {
          await hosts.letTimePass(scene.folders)
          ageLocks(scene.project, hosts.all)
          await faults[again](pick([scene.project, scene.other]), 'repair')
          hosts.unstop()
        }
        const hit = again === null ? '' : `, then repair, ${again}`
        const told = `step ${step}: ${command}, ${fault}: ${ended.code ?? ended.signal}${hit}`
        const possible = command === 'rollback -y' ? known : [before, ...(next === null ? [] : [next])]
        if (next !== null) known.push(next)
        const kind = `${fault}: ${ended.code ?? ended.signal}`
        counts.set(kind, (counts.get(kind) ?? 0) + 1)
        await expectAfter(told, ended, possible)
      }
      if (steps > 20)
        process.stderr.write(
          `${[...counts]
            .map(([what, n]) => `${n} ${what}`)
            .sort()
            .join('\n')}\n`,
        )
    },
  )

  const expectAfter = async (told: string, ended: Ended, possible: readonly (string | null)[]) => {
    try {
      await hosts.letTimePass(scene.folders)
      await scene.repair(possible)
      await scene.consistent()
      expectWhole(scene.project, hosts.all, possible)
    } catch (error) {
      throw new Error(`${told}\n${(error as Error).message}\n${ended.stderr}`, { cause: error })
    }
  }
})
