import { describe, expect, it } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { everyMessage } from './points.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

// A third host is new; the machine that brings it what it lacks dies at a message: of a join the first three locks are for an
// earlier release. The other two take part, and swap to what they serve.
describe.skipIf(!sshdIsHere())('a controller that is killed while a host is new', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const points = [
    ...everyMessage(66).map(at => ({ command: 'join --host h3', ...at })),
    ...everyMessage(66).map(at => ({ command: 'repair', ...at })),
  ]

  it.each(
    points,
  )('by $command, after message $k ($kind), leaves the others as they are, and it joins after a repair', async ({
    command,
    ...at
  }) => {
    const { project, other } = scene
    scene.mayEndAbsent()
    const before = [1, 2].map(i => ({ name: `h${i}`, deployTo: project.on(i) }))
    project.configure({ source: { dir: 'site' }, hosts: before })
    for (const one of ['old', 'new']) {
      project.write(app(one))
      expect((await project.run('deploy')).code).toBe(0)
    }
    project.configure({ source: { dir: 'site' } })
    const running = startHeld(project, command, at)
    await running.reached()
    running.child.kill('SIGKILL')
    await running.ended
    expect([1, 2].map(i => version(project, i))).toEqual(['new', 'new'])
    if (at.k % 2 === 1) await hosts.letTimePass(scene.folders)
    await scene.repair(['new'])
    const joined = await other.run('join --host h3')
    expect(joined.code, joined.stderr).toBe(0)
    expect(project.releases(3)).toEqual(project.releases(1))
    await hosts.letTimePass(scene.folders)
    const back = await other.run('rollback --yes')
    expect(back.code, back.stderr).toBe(0)
    expect(hosts.all.map(i => version(project, i))).toEqual(['old', 'old', 'old'])
    await scene.consistent()
  })
})
