import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { all, onFleet } from '../support/on-fleet.js'
import { signal, switchesIn } from '../support/processes.js'
import { type Json, short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('what dies in the middle of a deploy', () => {
  const here = onFleet()
  const restart = 'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"'
  const hold = ': >"$AT/held.$CLONEDEPLOY_HOST"; until [ -e "$AT/go" ]; do sleep 0.1; done'
  const configure = (config: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, ...config })
  const versions = () => all.map(i => textOf(here.project.on(i, 'current/version')).trim())
  const restarts = () => all.map(i => textOf(join(here.project.root, `restarts.h${i}`)))
  const held = () =>
    until(() => expect(all.filter(i => !existsSync(join(here.project.root, `held.h${i}`)))).toEqual([]))
  const until = (holds: () => void, timeout = 300_000) => vi.waitFor(holds, { timeout, interval: 20 })

  it('the controller, killed while the new release is checked: all hosts go back by themselves', async () => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    configure({ health: { run: `grep -q one version || { ${hold}; }`, tryTimeout: '60s', timeout: '60s' } })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy', { times: short })
    await held()
    // However long the questions below take, no host goes back before they are answered.
    const switches = all.flatMap(i => switchesIn(project.on(i)))
    signal(switches, 'SIGSTOP')
    running.child.kill('SIGKILL')
    expect((await running.ended).signal).toBe('SIGKILL')
    // The commands that the check has left on the hosts would count as processes of the release that they are in.
    project.write({ go: '' })
    expect(versions()).toEqual(['two', 'two', 'two'])
    configure()
    const doubtful = await project.run('status --json')
    expect(doubtful.code).toBe(6)
    expect(doubtful.json()).toMatchObject({ result: 'unknown', lock: { alive: false } })
    expect(doubtful.json().hosts.map(({ flag }: Json) => flag)).toEqual(all.map(() => 'IN DOUBT'))
    signal(switches, 'SIGCONT')
    await until(() => expect(restarts()).toEqual(all.map(() => 'one\ntwo\none\n')))
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
    expect((await project.run('status --json')).json().hosts.map(({ current, flag }: Json) => [current, flag])).toEqual(
      all.map(() => [one, null]),
    )
    const next = await project.run('deploy --json')
    expect(next.code).toBe(0)
    expect(next.json().warnings).toHaveLength(3)
    expect(next.json().warnings[0]).toContain('took over the lock of a run that is over')
    expect(versions()).toEqual(['two', 'two', 'two'])
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  exhaustively(
    'the controller, killed while the release is prepared: nothing was swapped, and the next deploy sweeps up',
    async () => {
      const { project } = here
      configure()
      const one = await project.deployed('one')
      configure({ prepare: hold })
      project.write({ 'app/version': 'two\n' })
      const running = project.start('deploy')
      await held()
      running.child.kill('SIGKILL')
      await running.ended
      project.write({ go: '' })
      configure()
      expect(versions()).toEqual(['one', 'one', 'one'])
      const { code, json } = await project.run('deploy --json')
      expect(code).toBe(0)
      for (const i of all) {
        expect(project.releases(i)).toEqual([one, json().release].sort())
        expect(readdirSync(project.on(i, '.clonedeploy/incoming'))).toEqual([])
      }
      expect(versions()).toEqual(['two', 'two', 'two'])
    },
  )

  exhaustively('a connection, while files are pushed: nothing is swapped or left, with 3', async () => {
    const { project, fleet } = here
    configure()
    const one = await project.deployed('one')
    for (let n = 0; n < 4; n++) project.write({ [`app/big-${n}`]: randomBytes(4_000_000).toString('latin1') })
    const running = project.start('deploy --json')
    await vi.waitFor(() => expect(readdirSync(project.on(3, '.clonedeploy/incoming'))).toHaveLength(1), {
      timeout: 300_000,
      interval: 2,
    })
    fleet.dropConnections(3)
    const { code, json } = await running.ended
    expect(code).toBe(3)
    expect(json().hosts[2].error).toMatchObject({ phase: 'push' })
    for (const i of all) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(project.releases(i)).toEqual([one])
      await until(() => expect(readdirSync(project.on(i, '.clonedeploy/incoming'))).toEqual([]))
    }
    expect((await project.run('deploy')).code).toBe(0)
  })

  it('a connection, while the app is restarted: what it did is unknown, so all hosts go back, with 5', async () => {
    const { project, fleet } = here
    configure()
    const one = await project.deployed('one')
    configure({ restart: [restart, `grep -q one version || { ${hold}; }`] })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json')
    await held()
    fleet.dropConnections(2)
    project.write({ go: '' })
    const { code, json } = await running.ended
    expect(code).toBe(5)
    expect(json().hosts[1].error).toMatchObject({ phase: 'restart' })
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
    expect(restarts()).toEqual(all.map(() => 'one\ntwo\none\n'))
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  exhaustively(
    'a connection, while health is asked: it is opened again and asked again, and the deploy goes through',
    async () => {
      const { project, fleet } = here
      configure()
      await project.deployed('one')
      configure({ health: { run: `grep -q one version || { ${hold}; }`, tryTimeout: '20s', timeout: '30s' } })
      project.write({ 'app/version': 'two\n' })
      const running = project.start('deploy --json')
      await held()
      fleet.dropConnections(2)
      project.write({ go: '' })
      const { code } = await running.ended
      expect(code).toBe(0)
      expect(versions()).toEqual(['two', 'two', 'two'])
      expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    },
  )

  exhaustively('a host, stopped while health is asked: the others go back, and it is named, with 6', async () => {
    const { project, fleet } = here
    configure()
    const one = await project.deployed('one')
    configure({ health: { run: `grep -q one version || { ${hold}; }`, tryTimeout: '2s', timeout: '3s' } })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json', { times: short })
    await held()
    await fleet.stopHost(3)
    const { code, json } = await running.ended
    expect(code).toBe(6)
    expect(json().hosts.map(({ current }: Json) => current)).toEqual([one, one, null])
    expect(json().hosts[2].error).not.toBeNull()
    expect(versions()).toEqual(['one', 'one', 'two'])
    await fleet.startHost(3)
    const { json: status } = await project.run('status --json')
    expect(status()).toMatchObject({ exitCode: 6 })
    expect(status().hosts[2]).toMatchObject({ flag: 'IN DOUBT' })
  })
})
