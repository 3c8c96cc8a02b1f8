import { describe, expect, it, vi } from 'vitest'
import { ageLocks } from '../support/lease.js'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { everyCommand } from './points.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

// A script looks at the lock when it begins. One that then pauses (a stalled disk, a stopped process) goes on without a
// lock when another has taken over: what is left of it must harm nobody.
describe.skipIf(!sshdIsHere())('a script that pauses until another took over', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const slow = 2
  const pausedAt = async (k: number, pattern: string) => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    hosts.stopAt(slow, k, pattern, 'pause')
    const running = scene.project.start('deploy')
    const over = { now: false }
    running.ended.then(() => {
      over.now = true
    })
    await vi.waitFor(() => expect(hosts.stopped(slow) || over.now).toBe(true), { timeout: 300_000, interval: 10 })

    if (!hosts.stopped(slow)) hosts.unstop()
    running.child.kill('SIGKILL')
    await running.ended
  }
  const served = () => hosts.all.map(i => version(scene.project, i))

  it.each(everyCommand())('changes nothing that is served when it goes on, at command $k like $pattern', async ({
    k,
    pattern,
  }) => {
    await pausedAt(k, pattern)
    await hosts.letTimePass(scene.folders)
    ageLocks(scene.project, hosts.all)
    expect((await scene.other.run('repair')).code).toBe(0)
    scene.other.write(app('other'))
    expect((await scene.other.run('deploy')).code).toBe(0)
    hosts.unstop()
    await hosts.letTimePass(scene.folders)
    expect(served()).toEqual(['other', 'other', 'other'])
    await scene.deploy('newer')
    await scene.consistent()
  })

  it('while it took the lock sweeps nothing of the other run, which is at work by then', async () => {
    await pausedAt(1, 'rm -rf*taken .clonedeploy/epochs/*')
    ageLocks(scene.project, hosts.all)
    scene.other.write(app('other'))
    const running = startHeld(scene.other, 'deploy', { kind: 'armed', k: 1, when: 'before' })
    expect(await running.reached()).toBe(true)
    hosts.unstop()
    await hosts.letTimePass(scene.folders, 'waiting')
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    expect(served()).toEqual(['other', 'other', 'other'])
    await scene.consistent()
  })

  it('while it removed old releases removes none to which the other run has rolled back', async () => {
    scene.project.configure({ source: { dir: 'site' }, keepReleases: 9 })
    await scene.deploy('one')
    const one = scene.project.current(slow)?.replace('releases/', '') ?? ''
    await scene.deploy('two')
    await scene.deploy('three')
    hosts.stopAt(slow, 1, `mv*releases/${one}*`, 'pause')
    const running = scene.project.start('prune --keep 1 --only h2')
    await vi.waitFor(() => expect(hosts.stopped(slow)).toBe(true), { timeout: 300_000, interval: 10 })
    running.child.kill('SIGKILL')
    await running.ended
    ageLocks(scene.project, hosts.all)
    const { code, stderr } = await scene.other.run(`rollback -y --to ${one}`)
    expect(code, stderr).toBe(0)
    hosts.unstop()
    await hosts.letTimePass(scene.folders)
    expect(served()).toEqual(['one', 'one', 'one'])
    await scene.consistent()
  })
})
