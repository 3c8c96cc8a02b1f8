import { describe, expect, it } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { messagePoints, tryAll } from './points.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

// Every message of a deploy to its hosts is a moment at which its machine can die. Every day a few
// around the swap are tried; the exhaustive tier tries every one.
describe.skipIf(!sshdIsHere())('a controller that is killed', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const points = messagePoints([['rename', 1]])

  it.each(points)('after message $k ($kind) leaves a fleet that a repair from elsewhere makes whole', async at => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const running = startHeld(scene.project, 'deploy', at)
    expect((await running.reached()) || tryAll).toBe(true)
    running.child.kill('SIGKILL')
    await running.ended
    // An odd one is repaired when the hosts have done what they do by themselves, an even one while they do it.
    if (at.k % 2 === 1) await hosts.letTimePass(scene.folders)
    const confirmed = running.messages().some(({ name }) => name === 'confirm')
    if (at.k % 2 === 1 && !confirmed)
      expect(hosts.all.map(i => version(scene.project, i))).toEqual(hosts.all.map(() => 'old'))
    await scene.repair(confirmed ? ['old', 'new'] : ['old'])
    await hosts.letTimePass(scene.folders)
    await scene.deploy('newer')
    await scene.consistent()
  })

  it('is killed at a message of every kind', async () => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const running = startHeld(scene.project, 'deploy')
    expect((await running.ended).code).toBe(0)
    const kinds = new Set(running.messages().map(({ name }) => name))
    expect([...kinds].sort()).toEqual([
      'armed',
      'confirm',
      'end',
      'finish',
      'go',
      'inspect',
      'lock',
      'long',
      'ping',
      'readlink',
      'rename',
      'renew',
      'seal',
      'short',
      'stage',
      'unpack',
    ])
  })
})
