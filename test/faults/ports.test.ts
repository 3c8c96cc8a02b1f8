import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { onPortsBehindHaproxy } from './behind-haproxy.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { app, version } from './whole.js'

describe.skipIf(!sshdIsHere())('a release on the idle port of each host', () => {
  const hosts = onHosts()
  const fleet = onPortsBehindHaproxy(hosts)
  const { scene, alone, answered, faults, linked, pid, pids, portsOf, ready, release, running, said, users } = fleet

  exhaustively(
    'is healthy on all of them before HAProxy sends all users there at once, and the old ones run until the end',
    async () => {
      const [old, before] = [release(1), hosts.all.map(i => running(i)[0])]
      const deploy = scene.project.run('deploy --json')
      const answers = await users(deploy)
      const { code, stderr, json } = await deploy
      expect(code, stderr).toBe(0)
      const [, told] = stderr.match(/3\/3 switched in ([\d.]+) ms/) ?? []
      expect(json().switchWindowMs).toBe(Number(told))
      expect([...new Set(answers)]).toEqual([old, release(1)])
      expect(answers.lastIndexOf(old)).toBeLessThan(answers.indexOf(release(1)))
      const order = said().map(line => line.split(' ')[1])
      expect(order).toEqual(['start', 'start', 'start', 'stop', 'stop', 'stop'])
      expect(hosts.all.map(i => running(i)[0])).not.toEqual(before)
      await alone()
      await scene.consistent()
      const [one] = (await scene.project.run('status --json')).json().hosts
      const [home = 0] = running(1)
      const users1 = ['HAProxy h1 web']
      const of = (port: number) =>
        port === home
          ? { port, release: release(1), serves: true, users: users1 }
          : { port, release: null, serves: false, users: [] }
      expect(one.ports).toEqual(portsOf(1).map(of))
      expect((await scene.project.run('check')).stdout).toContain(
        `${home} serves ${release(1)}, with the users of HAProxy h1 web`,
      )
    },
  )

  it('that one host cannot start is met by nobody, with 3', async () => {
    faults('h2 start')
    const [old, before] = [release(1), pids()]
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('no start here')
    expect([...new Set(answers)]).toEqual([old])
    expect(pids()).toEqual(before)
    await alone()
  })

  exhaustively(
    'bakes with all users on it, and goes back to processes that never stopped when a look is a no',
    async () => {
      const look = 'echo >>"$AT/looks"; [ "$(grep -c "" "$AT/looks")" -lt 3 ]'
      scene.project.write({ looks: '' })
      fleet.configure({ rollout: { bake: { for: '1h', every: '1s', check: look } } })
      const [old, before] = [release(1), pids()]
      const deploy = scene.project.run('deploy --json')
      const answers = await users(deploy)
      const { code, stderr, json } = await deploy
      expect(code, stderr).toBe(5)
      expect(json().reason).toContain('the bake check failed after')
      expect(answers.filter(answer => answer !== old && answer !== '503').length).toBeGreaterThan(0)
      expect(answers.every(answer => answer !== '503')).toBe(true)
      expect(pids()).toEqual(before)
      expect(release(1)).toBe(old)
      await alone()
      fleet.configure({ rollout: { bake: { for: '2s', every: '1s', check: 'true' } } })
      const baked = await scene.project.run('deploy --force --json')
      expect(baked.code, baked.stderr).toBe(0)
      expect(hosts.all.map(release)).toEqual(hosts.all.map(() => baked.json().release))
      await alone()
    },
  )

  exhaustively('that is not well when users have come goes back to processes that never stopped, with 5', async () => {
    faults('h2 look')
    const [old, before] = [release(1), pids()]
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(5)
    expect(answers.every(answer => answer !== '503')).toBe(true)
    expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old', 'old'])
    expect(pids()).toEqual(before)
    expect(release(1)).toBe(old)
    await alone()
  })

  exhaustively.each([['after', 'old'] as const, ['before', 'old'] as const])(
    'whose controller dies %s the flip is told by status, and a repair sends users home',
    async (when, then) => {
      const old = release(1)
      const held = startHeld(scene.project, 'deploy', { kind: 'flip', k: 1, when })
      expect(await held.reached()).toBe(true)
      if (when === 'after') await vi.waitFor(async () => expect(await answered(1)).not.toBe(old), 300_000)
      held.child.kill('SIGKILL')
      await held.ended
      await hosts.letTimePass(scene.folders)
      expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old', 'old'])
      const served = await Promise.all(hosts.all.map(answered))
      expect(new Set(served).size, 'all users get the same').toBe(1)
      expect(served[0] === old).toBe(when === 'before')
      const status: Json = (await scene.other.run('status --json')).json()
      expect(status.exitCode).toBe(6)
      expect(status.hosts.map(({ verdict }: Json) => verdict)).toEqual(
        hosts.all.map(() => (when === 'after' ? 'other port' : 'warm')),
      )
      const before = hosts.all.map(i => pid(i, linked(i).find(([, id]) => id === old)?.[0] ?? 0))
      await scene.repair([then])
      expect(pids()).toEqual(before)
      await alone()
      await scene.deploy('newer')
      await alone()
      await scene.consistent()
    },
  )

  exhaustively('is not deployed where users are not at what current names', async () => {
    await scene.deploy('newer')
    const [a, b] = portsOf(2)
    const [home] = await ready(2)
    const other = home === a ? b : a
    await fleet.haproxy.ask(`set server web/h2-${other} state ready;set server web/h2-${home} state maint`)
    scene.project.write(app('new'))
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(3)
    expect(stderr).toContain(`sends its users to port ${other}`)
    await scene.repair(['newer'])
    await alone()
  })

  exhaustively('is started anew by a restart, on the other port', async () => {
    const before = hosts.all.map(i => running(i)[0])
    const restart = scene.project.run('restart --json')
    const answers = await users(restart)
    const { code, stderr } = await restart
    expect(code, stderr).toBe(0)
    expect([...new Set(answers)]).toEqual([release(1)])
    for (const i of hosts.all) expect(running(i)[0]).not.toBe(before[i - 1])
    await alone()
    await scene.consistent()
  })
})
