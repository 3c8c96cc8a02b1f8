import { existsSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { onPortsBehindHaproxy } from './behind-haproxy.js'
import { onHosts } from './hosts.js'
import { expectWhole, version } from './whole.js'

describe.skipIf(!sshdIsHere())('where hosts have two ports', () => {
  const hosts = onHosts()
  const ported = onPortsBehindHaproxy(hosts)
  const { scene, alone, configure, faults, linked, pid, pids, portsOf, ready, release, running, said, users } = ported
  const versions = () => hosts.all.map(i => version(scene.project, i))
  const ok = async (args: string) => {
    const ended = await scene.project.run(args)
    expect(ended.code, ended.stderr).toBe(0)
    return ended
  }

  it('a rollback is a flip, too: users get the one release or the other, and no error', async () => {
    const old = release(1)
    await ok('deploy --json')
    const [now, before] = [release(1), pids()]
    const rollback = scene.project.run('rollback --yes --json')
    const answers = await users(rollback)
    const { code, stderr } = await rollback
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/3\/3 switched in [\d.]+ ms/)
    expect([...new Set(answers)]).toEqual([now, old])
    expect(answers.lastIndexOf(now)).toBeLessThan(answers.indexOf(old))
    expect(release(1)).toBe(old)
    for (const id of pids()) expect(before).not.toContain(id)
    await alone()
    await scene.consistent()
  })

  exhaustively('a rollback whose release one host cannot start is met by nobody, with 3', async () => {
    await ok('deploy --json')
    const [now, before] = [release(1), pids()]
    faults('h2 start')
    scene.project.write({ good: `${now}\n` })
    const rollback = scene.project.run('rollback --yes --json')
    const answers = await users(rollback)
    const { code, stderr } = await rollback
    expect(code, stderr).toBe(3)
    expect([...new Set(answers)]).toEqual([now])
    expect(pids()).toEqual(before)
    await alone()
  })

  exhaustively('a rollback that is not well when users have come goes back, with 5', async () => {
    await ok('deploy --json')
    const [now, before] = [release(1), pids()]
    faults('h2 look')
    scene.project.write({ good: `${now}\n` })
    const { code, stderr } = await scene.project.run('rollback --yes --json')
    expect(code, stderr).toBe(5)
    expect(release(1)).toBe(now)
    expect(pids()).toEqual(before)
    await alone()
    faults()
    await ok('rollback --yes --json')
    await alone()
  })

  exhaustively('a host that joins is started on one port, and nothing is restarted on the others', async () => {
    scene.mayEndAbsent()
    configure({}, [1, 2])
    await ok('deploy --json')
    await ok('repair --json')
    // A new machine in place of the third: HAProxy has both of its servers, and nothing answers on them.
    for (const port of running(3)) process.kill(pid(3, port))
    for (const port of running(3)) rmSync(`${scene.project.root}/h3/pid.${port}`)
    rmSync(scene.project.on(3), { recursive: true })
    await ported.haproxy.ask(
      portsOf(3)
        .map(port => `set server web/h3-${port} state ready`)
        .join(';'),
    )
    configure()
    const [before, began] = [[1, 2].map(i => pid(i, running(i)[0] ?? 0)), said().length]
    const { json } = await ok('join --host h3 --json')
    expect(json()).toMatchObject({ joined: { hosts: ['h3'] } })
    expect([1, 2].map(i => pid(i, running(i)[0] ?? 0))).toEqual(before)
    expect(
      said()
        .slice(began)
        .filter(line => !line.startsWith('h3')),
    ).toEqual([])
    expect(versions()).toEqual(['new', 'new', 'new'])
    expect(scene.project.releases(3)).toEqual(scene.project.releases(1))
    await alone()
    await ok('rollback --yes --json')
    await alone()
    await scene.consistent()
  })

  exhaustively(
    'a host that cannot start what it joins with leaves the others as they are, and joins later',
    async () => {
      scene.mayEndAbsent()
      configure({}, [1, 2])
      await ok('deploy --json')
      for (const port of running(3)) process.kill(pid(3, port))
      for (const port of running(3)) rmSync(`${scene.project.root}/h3/pid.${port}`)
      rmSync(scene.project.on(3), { recursive: true })
      configure()
      faults('h3 start')
      const before = [1, 2].map(i => pid(i, running(i)[0] ?? 0))
      const { code, stderr } = await scene.project.run('join --host h3 --json')
      expect(code, stderr).toBe(3)
      await alone([1, 2])
      expect([1, 2].map(i => pid(i, running(i)[0] ?? 0))).toEqual(before)
      expect([linked(3), running(3)]).toEqual([[], []])
      faults()
      await ok('join --host h3 --json')
      await alone()
      await scene.consistent()
    },
  )

  exhaustively('a deploy in batches switches one batch after the other, and drains nobody', async () => {
    configure({ rollout: { batch: 1 } })
    const old = release(1)
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/batch 1 of 3.*\n(.*\n)*.*batch 3 of 3/)
    expect(stderr).not.toContain('drained')
    expect(new Set(answers)).toEqual(new Set([old, release(1)]))
    // All are warm before the first batch switches, and the old ones run until the last is confirmed.
    expect(said().map(line => line.split(' ')[1])).toEqual(['start', 'start', 'start', 'stop', 'stop', 'stop'])
    await alone()
    await scene.consistent()
  })

  exhaustively('a deploy that fails in its second batch sends the users of the first back, with 5', async () => {
    configure({ rollout: { batch: 1 } })
    faults('h2 look')
    const [old, before] = [release(1), pids()]
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(5)
    expect(answers.filter(answer => /^5\d\d$/.test(answer))).toEqual([])
    expect(release(1)).toBe(old)
    expect(pids()).toEqual(before)
    await alone()
  })

  exhaustively.each([
    ['well', 0],
    ['not well', 5],
  ] as const)('a canary that is found %s by its check decides for all, with %i', async (how, code) => {
    const check = `test "$CLONEDEPLOY_HOSTS" = h1 && ${how === 'well'}`
    configure({ rollout: { canary: { hosts: 1, pause: '2s', check } } })
    const before = pids()
    const ended = await scene.project.run('deploy --json')
    expect(ended.code, ended.stderr).toBe(code)
    expect(versions()).toEqual(hosts.all.map(() => (code === 0 ? 'new' : 'old')))
    if (code === 5) expect(pids()).toEqual(before)
    await alone()
    await scene.consistent()
  })

  exhaustively(
    'a restart that one host cannot do leaves users where they are, with 3, and may be repeated',
    async () => {
      faults('h2 start')
      scene.project.write({ good: '' })
      const before = pids()
      const restart = scene.project.run('restart --json')
      const answers = await users(restart)
      const { code, stderr } = await restart
      expect(code, stderr).toBe(3)
      expect([...new Set(answers)]).toEqual([release(1)])
      faults()
      expect(pids()).toEqual(before)
      await alone()
      await ok('restart --json')
      for (const id of pids()) expect(before).not.toContain(id)
      await alone()
      await scene.consistent()
    },
  )

  const refused: readonly (readonly [string, object, string])[] = [
    ['no ports', { restart: 'true', health: undefined, balancer: undefined }, 'and no ports are configured any more'],
    ['others', { restart: { ports: [1, 2], start: 'true', stop: 'true' } }, 'is none of 1 and 2'],
  ]
  exhaustively.each(refused)(
    'a configuration with %s would leave users behind: no run begins, and all commands say so',
    async (_, change, text) => {
      configure(change)
      const [before, began] = [pids(), said().length]
      for (const command of ['deploy', 'deploy --dry-run', 'restart', 'restart --dry-run', 'check']) {
        const { code, stdout, stderr } = await scene.project.run(command)
        expect([code, command], stderr).toEqual([3, command])
        expect(stdout + stderr, command).toContain(text)
      }
      const status = (await scene.project.run('status --json')).json()
      expect(status).toMatchObject({ exitCode: 6 })
      for (const host of status.hosts) expect(host).toMatchObject({ verdict: 'other port', health: 'ok' })
      configure()
      expect([pids(), said().length]).toEqual([before, began])
      await alone()
      await scene.consistent()
    },
  )

  exhaustively('a restart of some hosts moves only their users', async () => {
    const before = pids()
    await ok('restart --only h2 --json')
    const after = pids()
    expect([after[0], after[2]]).toEqual([before[0], before[2]])
    expect(after[1]).not.toBe(before[1])
    await alone()
    await scene.consistent()
  })

  exhaustively('a host that is left out has no users until it has rejoined', async () => {
    const [home = 0] = running(3)
    await hosts.fleet.stopHost(3)
    const deploy = await scene.project.run('deploy --exclude h3 --reason test --json').finally(() => ported.boot(3))
    expect(deploy.code, deploy.stderr).toBe(0)
    expect(deploy.stderr).toContain(`h3 is out of HAProxy web/h3-${home} until it rejoins`)
    expect(await ready(3)).toEqual([])
    const answers = await users(scene.other.run('status --json'))
    expect([...new Set(answers)]).toEqual([release(1)])
    await scene.repair(['new'])
    await alone()
    await scene.deploy('newer')
    await alone()
    await scene.consistent()
  })

  exhaustively('a host that was left out and cannot rejoin gets no users', async () => {
    await hosts.fleet.stopHost(3)
    const deploy = await scene.project.run('deploy --exclude h3 --reason test --json').finally(() => ported.boot(3))
    expect(deploy.code, deploy.stderr).toBe(0)
    for (const fault of ['h3 start', 'h3 look']) {
      faults(fault)
      const { code, stderr } = await scene.other.run('repair --json')
      expect([code, fault], stderr).toEqual([fault === 'h3 start' ? 3 : 6, fault])
      expect(stderr).toMatch(/h3 stays out of HAProxy web\/h3-|taken out of HAProxy web\/h3-/)
      expect(stderr).toMatch(/when h3 is well: +clonedeploy repair/)
      expect(await ready(3), fault).toEqual([])
      await alone([1, 2])
    }
    faults()
    await scene.repair(['new'])
    await alone()
    await scene.consistent()
  })

  exhaustively('a host that is given up rejoins when it is back', async () => {
    await hosts.fleet.stopHost(3)
    const given = await scene.project.run('repair --give-up h3 --fenced -m test --json').finally(() => ported.boot(3))
    expect(given.code, given.stderr).toBe(0)
    await scene.repair(['old'])
    await alone()
    await scene.deploy('newer')
    await alone()
    await scene.consistent()
  })

  exhaustively('old releases are removed, and what is served or may be gone back to is not', async () => {
    configure({ keepReleases: 2 })
    for (const one of ['one', 'two', 'three']) {
      await scene.deploy(one)
      await alone()
    }
    expect(scene.project.releases(1)).toHaveLength(2)
    await ok('rollback --yes --json')
    await alone()
    expect(versions()).toEqual(['two', 'two', 'two'])
    await ok('prune --json')
    await alone()
    expectWhole(scene.project, hosts.all, ['two'])
  })

  exhaustively('what could not be ended keeps its folder, is told, and is ended by the next run', async () => {
    configure({ keepReleases: 1 })
    const old = release(2)
    faults('h2 stop')
    scene.project.write({ good: '' })
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('h2: processes that were to be ended may still run')
    expect(existsSync(scene.project.on(2, 'releases', old))).toBe(true)
    const status: Json = (await scene.other.run('status --json')).json()
    expect(status.hosts.map(({ verdict }: Json) => verdict)).toEqual(['consistent', 'warm', 'consistent'])
    faults()
    await scene.deploy('newer')
    await alone()
    await scene.consistent()
  })
})
