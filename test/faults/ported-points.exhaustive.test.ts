import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { onPortsBehindHaproxy } from './behind-haproxy.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { everyCommand, everyMessage } from './points.js'
import { expectTruth } from './truth.js'
import { version } from './whole.js'

// As of a deploy without ports, and more: HAProxy may have been told.
describe.skipIf(!sshdIsHere())('two ports a host', () => {
  const hosts = onHosts()
  const ported = onPortsBehindHaproxy(hosts)
  const { scene, alone, answered, boot, cut, faults, linked, pid, pids, ready, release, running, users } = ported
  const versions = () => hosts.all.map(i => version(scene.project, i))
  /** All users get one release, whichever it is, from a process that runs. */
  const together = async () => new Set(await Promise.all(hosts.all.map(answered)))
  const becomesWhole = async (allowed: readonly string[]) => {
    await hosts.letTimePass(scene.folders)
    await scene.repair(allowed)
    await alone()
    await scene.deploy('newer')
    await alone()
    await scene.consistent()
  }

  it.each(
    everyMessage(90),
  )('after message $k ($kind) the controller may die: users stay together until a repair', async at => {
    const held = startHeld(scene.project, 'deploy', at)
    await held.reached()
    held.child.kill('SIGKILL')
    await held.ended
    const confirmed = held.messages().some(({ name }) => name === 'confirm')
    // An odd one is repaired when the hosts have done what they do by themselves, an even one while they do it.
    if (at.k % 2 === 1) await hosts.letTimePass(scene.folders)
    if (at.k % 2 === 1 && !confirmed) expect(versions()).toEqual(['old', 'old', 'old'])
    expect(await together()).toHaveLength(1)
    await scene.repair(confirmed ? ['old', 'new'] : ['old'])
    await alone()
    await becomesWhole(['old', 'new'])
  })

  it.each(
    everyCommand(54),
  )('before its command $k like $pattern a host may lose its power: it starts what its links name', async ({
    k,
    pattern,
  }) => {
    hosts.stopAt(2, k, pattern)
    const deploy = scene.project.start('deploy')
    const over = { now: false }
    deploy.ended.then(() => {
      over.now = true
    })
    await vi.waitFor(() => expect(hosts.stopped(2) || over.now).toBe(true), { timeout: 300_000, interval: 10 })
    await cut(2)
    await boot(2)
    hosts.unstop()
    expectTruth(scene.project, hosts.all, await deploy.ended, 'old', 'new')
    expect(await together()).toHaveLength(1)
    await becomesWhole(['old', 'new'])
  })

  it('may both be started at a boot, after a run that died when users had come', async () => {
    const old = release(1)
    const held = startHeld(scene.project, 'deploy', { kind: 'confirm', k: 1, when: 'before' })
    expect(await held.reached()).toBe(true)
    held.child.kill('SIGKILL')
    await held.ended
    await hosts.letTimePass(scene.folders)
    await cut(2)
    await boot(2)
    expect(running(2)).toHaveLength(2)
    await vi.waitFor(async () => expect(await together()).toHaveLength(1), 60_000)
    expect(await answered(2)).not.toBe(old)
    await scene.repair(['old'])
    await alone()
    await becomesWhole(['old'])
  })

  it('that are cut off between the barrier and the flip are met by nobody', async () => {
    const [old, before] = [release(1), pids()]
    const held = startHeld(scene.project, 'deploy --json', { kind: 'flip', k: 1, when: 'before' })
    expect(await held.reached()).toBe(true)
    // HAProxy is asked by way of the first host: the second is cut off.
    hosts.fleet.partition(2)
    held.resume()
    const answers = await users(held.ended)
    const ended = await held.ended.finally(() => hosts.fleet.heal(2))
    expect([5, 6], ended.stderr).toContain(ended.code)
    expect(answers.filter(answer => /^5\d\d$/.test(answer))).toEqual([])
    await hosts.letTimePass(scene.folders)
    expect(versions()).toEqual(['old', 'old', 'old'])
    await scene.repair(['old'])
    expect([release(1), pids()]).toEqual([old, before])
    await alone()
  })

  it('are asked once more before the swap: where a process has died since, nobody meets the release', async () => {
    const [old, before] = [release(1), pids()]
    hosts.stopAt(1, 1, 'mv -f *clonedeploy/warm', 'pause')
    const deploy = scene.project.run('deploy --json')
    const idle = () => linked(2).flatMap(([port, id]) => (id === old ? [] : [port]))[0] ?? 0
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${idle()}/health`)).status).toBe(200), 300_000)
    // It is ready, and waits for the first host.
    await sleep(5000)
    process.kill(pid(2, idle()))
    hosts.unstop()
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(3)
    expect([...new Set(answers)]).toEqual([old])
    expect(pids()).toEqual(before)
    await alone()
  })

  it('go back, with 5, where a process has died since it was asked the last time', async () => {
    const [old, before] = [release(1), pids()]
    const held = startHeld(scene.project, 'deploy --json', { kind: 'armed', k: 1, when: 'before' })
    expect(await held.reached()).toBe(true)
    const [idle = 0] = linked(2).flatMap(([port, id]) => (id === old ? [] : [port]))
    process.kill(pid(2, idle))
    held.resume()
    const { code, stderr } = await held.ended
    expect(code, stderr).toBe(5)
    expect(pids()).toEqual(before)
    await alone()
  })

  it('with a process that dies when users have come go back to those that never stopped, with 5', async () => {
    const [old, before] = [release(1), pids()]
    faults('h3 look')
    const held = startHeld(scene.project, 'deploy --json', { kind: 'flip', k: 1, when: 'after' })
    expect(await held.reached()).toBe(true)
    const [port = 0] = linked(2).flatMap(([one, id]) => (id === old ? [] : [one]))
    await vi.waitFor(async () => expect(await ready(2)).toEqual([port]), 60_000)
    process.kill(pid(2, port))
    held.resume()
    const { code, stderr } = await held.ended
    expect(code, stderr).toBe(5)
    expect(pids()).toEqual(before)
    await alone()
    await scene.consistent()
  })
})
