import { existsSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { messagePoints, tryAll } from './points.js'
import { onScene } from './scene.js'
import { expectTruth } from './truth.js'
import { app, version } from './whole.js'

// What can happen to the line between a controller and one of its hosts, at a message of a deploy. The chosen ones lie around
// the swap; the exhaustive tier tries every message.
describe.skipIf(!sshdIsHere())('a deploy', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const held = async (at: Parameters<typeof startHeld>[2]) => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const running = startHeld(scene.project, 'deploy', at)
    expect((await running.reached()) || tryAll).toBe(true)
    return running
  }

  it.each(
    messagePoints([['rename', 2]]),
  )('whose connection to one host is lost after message $k ($kind) says what is true', async at => {
    const running = await held(at)
    hosts.fleet.dropConnections((at.k % 3) + 1)
    running.resume()
    expectTruth(scene.project, hosts.all, await running.ended, 'old', 'new')
    await scene.ends()
  })

  it('whose connections are all lost when it asks its hosts to get ready asks them over new ones', async () => {
    const running = await held({ kind: 'armed', k: 1, when: 'before' })
    for (const i of hosts.all) hosts.fleet.dropConnections(i)
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    await scene.ends(['new'])
  })

  it.each(
    messagePoints([]),
  )('that sleeps past its lease at message $k ($kind) says what is true when it wakes', async at => {
    const running = await held(at)
    await hosts.letTimePass(scene.folders, 'waiting')
    running.resume()
    expectTruth(scene.project, hosts.all, await running.ended, 'old', 'new')
    await scene.ends()
  })

  it.each(
    messagePoints([]),
  )('that sleeps at message $k ($kind) until another took over changes nothing when it wakes', async at => {
    const running = await held(at)
    // What had read nothing yet plans from what it finds when it wakes.
    const planned = running.messages().some(({ name }) => name === 'inspect')
    await hosts.letTimePass(scene.folders, 'waiting')
    await scene.repair(['old', 'new'])
    scene.other.write(app('other'))
    expect((await scene.other.run('deploy')).code).toBe(0)
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).not.toBe(1)
    // One that had not connected yet may also find that this took too long, and says so.
    const unconnected = stderr.includes('cannot be reached. Nothing was changed.')
    if (!planned) expect(code, stderr).toBe(unconnected ? 3 : 0)
    const wanted = planned || unconnected ? 'other' : 'new'
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(hosts.all.map(() => wanted))
    await scene.consistent()
    await scene.deploy('newer')
  })

  it.each([
    ['a rename', 2] as const,
    ...exhaustive([['a word', 3] as const]),
  ])('whose swap by %s comes late is refused by that host, and all others go back', async (_, slow) => {
    const running = await held({ kind: 'word', k: 1, when: 'before' })
    const sent = () => running.messages().filter(({ name }) => name === 'rename' || name === 'go')
    hosts.fleet.partition(slow)
    running.resume()
    try {
      await vi.waitFor(() => expect(sent()).toHaveLength(slow === 2 ? 4 : 5), 300_000)
      await hosts.letTimePass([scene.project.on(slow)], 'waiting', [slow])
    } finally {
      hosts.fleet.heal(slow)
    }
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(5)
    expect(stderr).toContain('exit code 82')
    await scene.ends()
  })

  exhaustively(
    'that is cut off from all hosts but the first between two words: that one goes back, the others never swap',
    async () => {
      const running = await held({ kind: 'word', k: 1, when: 'after' })
      const port = running.messages().find(({ name }) => name === 'go' || name === 'rename')?.port ?? 0
      const told = hosts.all.find(i => hosts.fleet.port(i) === port) ?? 0
      const others = hosts.all.filter(i => i !== told)
      await vi.waitFor(() => expect(version(scene.project, told)).toBe('new'), { timeout: 300_000, interval: 10 })
      for (const i of others) {
        hosts.fleet.partition(i)
        hosts.fleet.dropConnections(i)
      }
      running.resume()
      try {
        await vi.waitFor(() => expect(version(scene.project, told)).toBe('old'), { timeout: 300_000, interval: 10 })
      } finally {
        for (const i of others) hosts.fleet.heal(i)
      }
      const { code, stderr } = await running.ended
      expect(code, stderr).toBe(5)
      for (const i of others) expect(stderr).toContain(`h${i}`)
      expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old', 'old'])
      await scene.ends(['old'])
    },
  )

  exhaustively('whose last answer of one host is lost finds there that all was recorded', async () => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    hosts.stopAt(1, 1, 'rm -rf */stage *', 'pause')
    const running = startHeld(scene.project, 'deploy', { kind: 'finish', k: 3, when: 'after' })
    await running.reached()
    await vi.waitFor(() => expect(hosts.stopped(1)).toBe(true), { timeout: 300_000, interval: 10 })
    hosts.fleet.dropConnections(1)
    hosts.unstop()
    const released = scene.project.on(1, '.clonedeploy/epochs/2/released')
    await vi.waitFor(() => expect(existsSync(released)).toBe(true), { timeout: 300_000, interval: 10 })
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain('recorded')
    expect(textOf(scene.project.on(1, '.clonedeploy/history')).trimEnd().split('\n')).toHaveLength(2)
  })
})
