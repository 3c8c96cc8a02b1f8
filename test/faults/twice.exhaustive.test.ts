import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Json, Project } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { type At, startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

describe.skipIf(!sshdIsHere())('a controller that is killed, and a host that reboots while it puts itself back', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  /** Killed at the first confirmation; then a host which did not get it hangs before that command, and is started anew. */
  const twice = async (when: At['when'], command: string, dying = 2) => {
    scene.project.write(app('new'))
    // A shell keeps where it has found a command.
    for (const i of hosts.all) hosts.stopAt(i, 0)
    hosts.unstop()
    const running = startHeld(scene.project, 'deploy', { kind: 'confirm', k: 1, when })
    expect(await running.reached()).toBe(true)
    await vi.waitFor(
      () => expect(hosts.all.map(i => version(scene.project, i))).toEqual(['new', 'new', 'new']),
      300_000,
    )
    if (when === 'after')
      await vi.waitFor(() => expect(hosts.all.some(i => confirmed(scene.project, i))).toBe(true), 300_000)
    const told = running.messages().at(-1)?.port
    const host = when === 'after' && hosts.fleet.port(dying) === told ? dying + 1 : dying
    hosts.stopAt(host, 1, command)
    running.child.kill('SIGKILL')
    await running.ended
    const passing = hosts.letTimePass(scene.folders)
    await vi.waitFor(() => expect(hosts.stopped(host)).toBe(true), { timeout: 300_000, interval: 10 })
    await hosts.fleet.stopHost(host)
    hosts.unstop()
    await passing
    await hosts.fleet.startHost(host)
    return host
  }

  const flags = async () => (await scene.other.run('status --json')).json().hosts.map(({ flag }: Json) => flag)

  it('on its way to an older release leaves a host in doubt that goes back with the others', async () => {
    await scene.deploy('old')
    const host = await twice('before', 'mv*revert/current*')
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(hosts.all.map(i => (i === host ? 'new' : 'old')))
    expect(await flags()).toEqual(hosts.all.map(i => (i === host ? 'IN DOUBT' : null)))
    await scene.repair(['old'])
    await scene.deploy('newer')
    await scene.consistent()
  })

  it('on its way to nothing, in the first deploy ever, leaves a host in doubt that goes back with the others', async () => {
    scene.mayEndAbsent()
    const host = await twice('before', 'rm -f current')
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(hosts.all.map(i => (i === host ? 'new' : null)))
    expect(await flags()).toEqual(hosts.all.map(i => (i === host ? 'IN DOUBT' : null)))
    await scene.repair([null])
  })

  it('when another host was told to confirm goes forward with it', async () => {
    await scene.deploy('old')
    await twice('after', 'mv*revert/current*')
    expect(hosts.all.map(i => version(scene.project, i)).filter(one => one === 'new')).toHaveLength(2)
    await scene.repair(['new'])
    await scene.deploy('newer')
    await scene.consistent()
  })
})

function confirmed(project: Project, i: number): boolean {
  const tx = project.on(i, '.clonedeploy/tx')
  return readdirSync(tx).some(id => existsSync(join(tx, id, 'stage')) && existsSync(join(tx, id, 'outcome.confirmed')))
}
