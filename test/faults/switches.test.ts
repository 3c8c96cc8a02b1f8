import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { ageLocks } from '../support/lease.js'
import { signal, switchesIn } from '../support/processes.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

describe.skipIf(!sshdIsHere())('a host that swapped', () => {
  const hosts = onHosts()
  const scene = onScene(hosts, at => ({
    env: { AT: at },
    restart:
      'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"; [ ! -e "$AT/broken.$CLONEDEPLOY_HOST" ] || ! grep -q old version',
    health: { run: '! grep -q sick version', timeout: '1s', tryTimeout: '1s' },
  }))
  const served = () => hosts.all.map(i => version(scene.project, i))
  const restarts = (i: number) => textOf(join(scene.project.root, `restarts.h${i}`))

  it('goes back by the shell that waited for the word when its switch was killed, and then the controller', async () => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const running = startHeld(scene.project, 'deploy', { kind: 'confirm', k: 1, when: 'before' })
    expect(await running.reached()).toBe(true)
    const switches = switchesIn(scene.project.on(2))
    expect(switches).not.toEqual([])
    signal(switches, 'SIGKILL')
    running.child.kill('SIGKILL')
    await running.ended
    await hosts.letTimePass(scene.folders)
    expect(served()).toEqual(['old', 'old', 'old'])
    for (const i of hosts.all) expect(restarts(i)).toBe('old version\nnew version\nold version\n')
    await scene.repair(['old'])
  })

  exhaustively('and whose answer is lost goes back with the others, with 5', async () => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    hosts.stopAt(2, 1, 'mv*state.armed*swapped*', 'pause')
    const running = scene.project.start('deploy')
    await vi.waitFor(() => expect(hosts.stopped(2)).toBe(true), { timeout: 300_000, interval: 10 })
    expect(version(scene.project, 2)).toBe('new')
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(5)
    expect(served()).toEqual(['old', 'old', 'old'])
    hosts.unstop()
    await hosts.letTimePass(scene.folders)
    expect(served()).toEqual(['old', 'old', 'old'])
    await scene.deploy('newer')
  })

  exhaustively(
    'and whose restart fails on the way back is not called whole: 6, until a repair has served the old release',
    async () => {
      await scene.deploy('old')
      writeFileSync(join(scene.project.root, 'broken.h2'), '')
      scene.project.write(app('sick'))
      const { code, stderr } = await scene.project.run('deploy')
      expect(code, stderr).toBe(6)
      expect(stderr).toContain('h2')
      expect(served()).toEqual(['old', 'old', 'old'])
      const flags = (await scene.other.run('status --json')).json().hosts.map(({ flag }: Json) => flag)
      expect(flags).toEqual([null, 'NOT RESTARTED', null])
      ageLocks(scene.project, hosts.all)
      expect((await scene.other.run('repair')).code).toBe(6)
      rmSync(join(scene.project.root, 'broken.h2'))
      await scene.repair(['old'])
      expect(
        hosts.all.map(
          i =>
            restarts(i)
              .split('\n')
              .filter(line => line === 'old version').length,
        ),
      ).toEqual([2, 4, 2])
      await scene.consistent()
    },
  )

  exhaustively(
    'and went back, but could not restart, is done when a repair has brought it the release after all',
    async () => {
      await scene.deploy('old')
      for (const i of hosts.all) writeFileSync(join(scene.project.root, `broken.h${i}`), '')
      scene.project.write(app('new'))
      const running = startHeld(scene.project, 'deploy', { kind: 'confirm', k: 1, when: 'after' })
      expect(await running.reached()).toBe(true)
      running.child.kill('SIGKILL')
      await running.ended
      await hosts.letTimePass(scene.folders)
      expect(served().sort()).toEqual(['new', 'old', 'old'])
      await scene.repair(['new'])
      await scene.consistent()
      await scene.deploy('newer')
    },
  )

  exhaustively(
    'and lost its power when it had decided to go back is never put back once a repair has brought it forward',
    async () => {
      await scene.deploy('old')
      scene.project.write(app('new'))
      hosts.stopAt(2, 1, 'mv*revert/current ./', 'hang')
      const running = startHeld(scene.project, 'deploy', { kind: 'confirm', k: 1, when: 'after' })
      expect(await running.reached()).toBe(true)
      running.child.kill('SIGKILL')
      await running.ended
      await vi.waitFor(() => expect(hosts.stopped(2)).toBe(true), { timeout: 300_000, interval: 10 })
      await hosts.fleet.stopHost(2)
      await hosts.fleet.startHost(2)
      hosts.unstop()
      await hosts.letTimePass(scene.folders)
      expect(served().sort()).toEqual(['new', 'new', 'old'])
      await scene.repair(['new'])
      expect(restarts(2)).toMatch(/^old version\n(new version\n)+$/)
      await scene.consistent()
      await scene.deploy('newer')
    },
  )
})
