import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { sshdIsHere } from '../support/sshd.js'
import { onHosts } from './hosts.js'
import { commandPoints, tryAll } from './points.js'
import { onScene } from './scene.js'
import { expectTruth } from './truth.js'
import { app } from './whole.js'

/** The third host swaps by a word, the others by SFTP. */
const dyingAt = (pattern: string, k: number) => (pattern.includes('go/current') || k % 2 === 0 ? 3 : 2)

// A host can die between any two commands that change its disk. The chosen ones are the renames that decide something;
// the exhaustive tier tries every command.
describe.skipIf(!sshdIsHere())('a host', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const run = async (k: number, pattern: string, how: 'hang' | 'kill') => {
    const dying = dyingAt(pattern, k)
    await scene.deploy('old')
    scene.project.write(app('new'))
    hosts.stopAt(dying, k, pattern, how)
    const running = scene.project.start('deploy')
    const over = { now: false }
    running.ended.then(() => {
      over.now = true
    })
    await vi.waitFor(() => expect(hosts.stopped(dying) || over.now).toBe(true), { timeout: 300_000, interval: 10 })
    expect(hosts.stopped(dying) || tryAll).toBe(true)
    if (how === 'hang') {
      await hosts.fleet.stopHost(dying)
      await hosts.fleet.startHost(dying)
    }
    hosts.unstop()
    return running.ended
  }

  it.each(
    commandPoints(['mv*go/current*']),
  )('that reboots before its command $k like $pattern ends as the others do', async ({ k, pattern }) => {
    expectTruth(scene.project, hosts.all, await run(k, pattern, 'hang'), 'old', 'new')
    await scene.ends()
  })

  it.each(commandPoints([]))('whose shell is killed before its command $k like $pattern ends as the others do', async ({
    k,
    pattern,
  }) => {
    expectTruth(scene.project, hosts.all, await run(k, pattern, 'kill'), 'old', 'new')
    await scene.ends()
  })

  exhaustively('that cannot remove old releases ends its transaction all the same, and says so', async () => {
    scene.project.configure({ source: { dir: 'site' }, keepReleases: 2 })
    for (const version of ['one', 'two']) await scene.deploy(version)
    scene.project.write(app('new'))
    hosts.stopAt(2, 1, 'mv*releases/*taken/', 'kill')
    const { code, stderr } = await scene.project.run('deploy')
    expect(hosts.stopped(2)).toBe(true)
    hosts.unstop()
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('h2: old releases could not be removed')
    expect(stderr).toContain('removed 1 old release on h1 and 1 on h3')
    await scene.consistent()
    await scene.deploy('newer')
  })

  exhaustively(
    'that is lost while it removes old releases ends its transaction, and what was removed is said to be unknown',
    async () => {
      scene.project.configure({ source: { dir: 'site' }, keepReleases: 2 })
      for (const version of ['one', 'two']) await scene.deploy(version)
      scene.project.write(app('new'))
      hosts.stopAt(2, 1, 'mv*releases/*taken/', 'pause')
      const running = scene.project.start('deploy')
      await vi.waitFor(() => expect(hosts.stopped(2)).toBe(true), { timeout: 300_000, interval: 10 })
      hosts.fleet.dropConnections(2)
      const { code, stderr } = await running.ended
      expect(code, stderr).toBe(0)
      expect(stderr).toContain('h2: whether old releases were removed is not known')
      await scene.consistent()
      hosts.unstop()
      await hosts.letTimePass(scene.folders)
      await scene.deploy('newer')
    },
  )
})
