import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { onPortsBehindHaproxy } from './behind-haproxy.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { version } from './whole.js'

const flip = /^set server \S+ state ready;.* state maint$/m

describe.skipIf(!sshdIsHere())('HAProxy, while it sends users from one port to the other,', () => {
  const hosts = onHosts()
  const ported = onPortsBehindHaproxy(hosts)
  const { scene, alone, answered, linked, pid, pids, portsOf, ready, release, running, said, users } = ported
  const versions = () => hosts.all.map(i => version(scene.project, i))
  const verdicts = async () => {
    const status: Json = (await scene.other.run('status --json')).json()
    return { code: status.exitCode, verdicts: status.hosts.map(({ verdict }: Json) => verdict) }
  }

  exhaustively.each(['before the line', 'after the line'])(
    'may be lost for a moment %s: it is told once more',
    async when => {
      ported.door.lose(flip, when === 'before the line' ? 'before' : 'after', 'for a moment')
      const old = release(1)
      const deploy = scene.project.run('deploy --json')
      const answers = await users(deploy)
      const { code, stderr } = await deploy
      expect(ported.door.lost()).toBe(true)
      expect(code, stderr).toBe(0)
      expect([...new Set(answers)]).toEqual([old, release(1)])
      await alone()
      await scene.consistent()
    },
  )

  exhaustively.each(['before the line', 'after the line'])(
    'may be lost for good %s: all links go back, users stay together, and a repair sends them home',
    async when => {
      const isBefore = when === 'before the line'
      ported.door.lose(flip, isBefore ? 'before' : 'after', 'for good')
      const [old, before] = [release(1), pids()]
      const deploy = scene.project.run('deploy --json')
      const answers = await users(deploy)
      const { code, stderr } = await deploy
      expect(code, stderr).toBe(6)
      expect(stderr).toContain('HAProxy')
      expect(answers.filter(answer => /^5\d\d$/.test(answer))).toEqual([])
      expect(new Set(answers).size).toBe(isBefore ? 1 : 2)
      expect(versions()).toEqual(['old', 'old', 'old'])
      const served = await Promise.all(hosts.all.map(answered))
      expect(new Set(served).size, 'all users get the same').toBe(1)
      expect(served[0] === old).toBe(isBefore)
      // What users are sent to is not ended, whatever cannot be asked.
      for (const i of hosts.all) for (const port of await ready(i)) expect(running(i)).toContain(port)
      ported.door.open()
      const word = isBefore ? 'warm' : 'other port'
      expect(await verdicts()).toEqual({ code: 6, verdicts: [word, word, word] })
      await scene.repair(['old'])
      expect(pids()).toEqual(before)
      await alone()
      await scene.deploy('newer')
      await alone()
      await scene.consistent()
    },
  )

  exhaustively('may be lost before anything is told: nothing is touched, with 3', async () => {
    ported.door.lose(/./, 'before', 'for good')
    const before = pids()
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(3)
    expect(pids()).toEqual(before)
    ported.door.open()
    await alone()
  })

  exhaustively('may be lost when the old processes are to be ended: they run on, and a repair ends them', async () => {
    const held = startHeld(scene.project, 'deploy --json', { kind: 'confirm', k: 3, when: 'after' })
    expect(await held.reached()).toBe(true)
    ported.door.lose(/./, 'before', 'for good')
    held.resume()
    const { code, stderr } = await held.ended
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('processes that were to be ended may still run')
    expect(versions()).toEqual(['new', 'new', 'new'])
    for (const i of hosts.all) expect(running(i)).toHaveLength(2)
    ported.door.open()
    expect((await verdicts()).verdicts).toEqual(['warm', 'warm', 'warm'])
    await scene.repair(['new'])
    await alone()
    await scene.consistent()
  })

  exhaustively('may refuse the line: all go back, with 5, and nobody meets the release', async () => {
    ported.door.refuse(flip)
    const old = release(1)
    const deploy = scene.project.run('deploy --json')
    const answers = await users(deploy)
    const { code, stderr } = await deploy
    expect(code, stderr).toBe(5)
    expect(stderr).toContain('refused: No such server.')
    expect([...new Set(answers)]).toEqual([old])
    ported.door.open()
    await alone()
  })

  it('may say yes and do nothing: it is read again, and all go back, with 5', async () => {
    ported.door.refuse(flip, '\n')
    const old = release(1)
    const { code, stderr } = await scene.project.run('deploy --json')
    expect(code, stderr).toBe(5)
    expect(stderr).toContain('was told to take all users, and did not')
    expect(release(1)).toBe(old)
    ported.door.open()
    await alone()
  })

  exhaustively(
    'may send users to both ports of a host after a run that died: a repair leaves them on one',
    async () => {
      const held = startHeld(scene.project, 'deploy', { kind: 'flip', k: 1, when: 'before' })
      expect(await held.reached()).toBe(true)
      held.child.kill('SIGKILL')
      await held.ended
      await hosts.letTimePass(scene.folders)
      const both = hosts.all.flatMap(i => portsOf(i).map(port => `set server web/h${i}-${port} state ready`))
      await ported.haproxy.ask(both.join(';'))
      expect(await verdicts()).toEqual({ code: 6, verdicts: ['other port', 'other port', 'other port'] })
      expect((await scene.other.run('deploy --json')).code).not.toBe(0)
      const before = hosts.all.map(i => pid(i, linked(i).find(([, id]) => id === release(i))?.[0] ?? 0))
      await scene.repair(['old'])
      expect(pids()).toEqual(before)
      await alone()
    },
  )

  exhaustively('may start anew and have forgotten everything: the next deploy brings it back to one port', async () => {
    const both = hosts.all.flatMap(i => portsOf(i).map(port => `set server web/h${i}-${port} state ready`))
    await ported.haproxy.ask(both.join(';'))
    await scene.deploy('newer')
    await alone()
    expect(said()).toHaveLength(6)
    await scene.consistent()
  })

  exhaustively('may be lost while a repair sends users home: the next repair does', async () => {
    const old = release(1)
    const held = startHeld(scene.project, 'deploy', { kind: 'flip', k: 1, when: 'after' })
    expect(await held.reached()).toBe(true)
    await vi.waitFor(async () => expect(await answered(1)).not.toBe(old), 300_000)
    held.child.kill('SIGKILL')
    await held.ended
    await hosts.letTimePass(scene.folders)
    ported.door.lose(flip, 'before', 'for good')
    const { code, stderr } = await scene.other.run('repair --json')
    expect(code, stderr).not.toBe(0)
    expect(await answered(1)).not.toBe(old)
    for (const i of hosts.all) for (const port of await ready(i)) expect(running(i)).toContain(port)
    ported.door.open()
    expect((await verdicts()).code).toBe(6)
    await scene.repair(['old'])
    await alone()
  })
})
