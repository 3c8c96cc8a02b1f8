import { rmSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { ageLocks } from '../support/lease.js'
import { sshdIsHere } from '../support/sshd.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { expectWhole } from './whole.js'

const moments = [
  ['it is copied', 'cp -a *'],
  ['the other is set aside', 'mv -- releases/* *aside/'],
  ['it takes the place of the other', 'mv -- *incoming/* releases/'],
] as const
const faults = ['the host reboots', 'the host is cut off', 'the controller is killed'] as const
const all = moments.flatMap(([when, pattern]) => faults.map(what => ({ when, what, pattern })))

// The second host has lost a file of the release that a rollback goes to. Whoever repairs it has none of the bytes; the other hosts do.
describe.skipIf(!sshdIsHere())('a fresh copy of a release', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)

  it.each(all)('is made or not when, before $when, $what', async ({ what, pattern }) => {
    const { project, other } = scene
    await scene.deploy('old')
    const [old = ''] = project.releases(1)
    await scene.deploy('new')
    const lost = project.on(2, 'releases', old, 'one.txt')
    rmSync(lost)

    hosts.stopAt(2, 1, pattern, what === 'the host reboots' ? 'hang' : 'pause')
    const running = project.start('rollback --yes')
    await vi.waitFor(() => expect(hosts.stopped(2)).toBe(true), { timeout: 300_000, interval: 10 })
    if (what === 'the controller is killed') running.child.kill('SIGKILL')
    else if (what === 'the host is cut off') hosts.fleet.dropConnections(2)
    else await hosts.fleet.stopHost(2).then(() => hosts.fleet.startHost(2))
    hosts.unstop()
    const { code } = await running.ended
    expect([null, 0, 3, 6]).toContain(code)

    await hosts.letTimePass(scene.folders)
    ageLocks(project, hosts.all)
    const repaired = await other.run('repair --json')
    expect(repaired.code, repaired.stderr).toBe(0)
    for (const i of hosts.all) expect(project.releases(i)).toEqual(project.releases(1))
    if (code !== 0) {
      const back = await other.run('rollback --yes')
      expect(back.code, back.stderr).toBe(0)
    }
    expectWhole(project, hosts.all, ['old'])
    await scene.consistent()
    await scene.deploy('newer')
  })
})
