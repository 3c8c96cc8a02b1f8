import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { type HaproxyApi, startHaproxyApi } from '../support/haproxy-api.js'
import { onFleet } from '../support/on-fleet.js'
import { inFolder, signal } from '../support/processes.js'
import { short } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

// With users behind a real HAProxy: haproxy.exhaustive.test.ts.
describe.skipIf(!sshdIsHere())('told to HAProxy', () => {
  const here = onFleet({ hosts: 2 })
  let haproxy: HaproxyApi
  beforeAll(async () => {
    haproxy = await startHaproxyApi(2)
  })
  afterAll(() => haproxy?.stop())
  beforeEach(() => {
    for (const i of [1, 2]) haproxy.set(i, 'ready')
    haproxy.changes.splice(0)
  })

  const configure = (config: object = {}, backend = 'web') =>
    here.project.configure({ balancer: { haproxy: { host: 'h1', socket: haproxy.socket, backend } }, ...config })
  const inBatches = { rollout: { batch: 1 } }
  const oneByOne = ['h1 drain', 'h1 ready', 'h2 drain', 'h2 ready']

  it('are the hosts of a batch, before they change and after', async () => {
    configure(inBatches)
    await here.project.deployed('one')
    haproxy.changes.splice(0)
    await here.project.deployed('two')
    expect(haproxy.changes).toEqual(oneByOne)
  })

  exhaustively('is a host that a repair brings on while the others serve', async () => {
    const { project } = here
    configure({ rollout: { batch: 2 } })
    await project.deployed('one')
    project.write({ 'app/version': 'two\n' })
    expect((await project.run('deploy --exclude h2 --reason test')).code).toBe(0)
    haproxy.set(2, 'ready')
    haproxy.changes.splice(0)
    expect((await project.run('repair')).code).toBe(0)
    expect(project.current(2)).toBe(project.current(1))
    expect(haproxy.changes).toEqual(['h2 drain', 'h2 ready'])
  })

  it('is a host that a deploy leaves out, so that nobody meets what it serves when it boots, until it rejoins', async () => {
    const { project } = here
    configure()
    await project.deployed('one')
    project.write({ 'app/version': 'two\n' })
    const left = await project.run('deploy --exclude h2 --reason test')
    expect(left.code).toBe(0)
    expect(left.stderr).toContain('h2 is out of HAProxy web/h2 until it rejoins')
    expect(haproxy.states()).toEqual(['ready', 'drain'])
    expect((await project.run('rollback --exclude h2 --reason test --yes')).code).toBe(0)
    expect(haproxy.states()).toEqual(['ready', 'drain'])
    expect((await project.run('repair')).code).toBe(0)
    expect(project.current(2)).toBe(project.current(1))
    expect(haproxy.states()).toEqual(['ready', 'ready'])
  })

  exhaustively('is no host that was left out, as long as it cannot rejoin', async () => {
    const { project } = here
    configure({ health: { run: `test ! -e ${project.root}/sick.$CLONEDEPLOY_HOST`, timeout: '1s' } })
    await project.deployed('one')
    project.write({ 'app/version': 'two\n' })
    expect((await project.run('deploy --exclude h2 --reason test')).code).toBe(0)
    project.write({ 'sick.h2': '' })
    const { code, stderr } = await project.run('repair')
    expect(code, stderr).toBe(6)
    expect(project.current(2)).not.toBe(project.current(1))
    expect(haproxy.states()).toEqual(['ready', 'drain'])
    rmSync(`${project.root}/sick.h2`)
    expect((await project.run('repair')).code).toBe(0)
    expect(haproxy.states()).toEqual(['ready', 'ready'])
  })

  exhaustively(
    'is nothing of a host that a deploy in batches leaves out and somebody took out by hand, also when it rejoins',
    async () => {
      const { project } = here
      configure(inBatches)
      await project.deployed('one')
      haproxy.set(2, 'drain')
      project.write({ 'app/version': 'two\n' })
      expect((await project.run('deploy --exclude h2 --reason test')).code).toBe(0)
      expect((await project.run('repair')).code).toBe(0)
      expect(project.current(2)).toBe(project.current(1))
      expect(haproxy.states()).toEqual(['ready', 'drain'])
    },
  )

  exhaustively('is no host that is left out where nobody else would be left', async () => {
    const { project } = here
    configure({ rollout: { minUp: 0 } })
    await project.deployed('one')
    haproxy.set(1, 'maint')
    project.write({ 'app/version': 'two\n' })
    const { code, stderr } = await project.run('deploy --exclude h2 --reason test')
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('h2 stays in HAProxy h1 web: only 0 of the others would be left'),
    ])
    expect(haproxy.states()).toEqual(['maint', 'ready'])
  })

  exhaustively('is a host that a repair puts back, because a dead run left it swapped', async () => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    configure({ health: { run: 'test ! -e slow || sleep 60', timeout: '90s' } })
    project.write({ 'app/slow': '' })
    const dying = project.start('deploy', { times: short })
    await dying.until('health')
    dying.child.kill('SIGKILL')
    signal(inFolder(project.on(2)), 'SIGKILL')
    await vi.waitFor(() => expect(project.current(1)).toBe(`releases/${one}`), { timeout: 300_000, interval: 200 })
    expect(project.current(2)).not.toBe(`releases/${one}`)
    haproxy.changes.splice(0)
    expect((await project.run('repair')).code).toBe(0)
    expect(project.current(2)).toBe(`releases/${one}`)
    expect(haproxy.changes).toEqual(['h2 drain', 'h2 ready'])
  })

  it('are all hosts that go back, in whatever batch they were', async () => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    haproxy.changes.splice(0)
    configure({ ...inBatches, restart: '[ "$CLONEDEPLOY_HOST" != h2 ] || ! grep -q two version' })
    project.write({ 'app/version': 'two\n' })
    expect((await project.run('deploy')).code).toBe(5)
    expect([1, 2].map(project.current)).toEqual([1, 2].map(() => `releases/${one}`))
    expect(haproxy.changes.slice(0, 3)).toEqual(oneByOne.slice(0, 3))
    expect(haproxy.changes.length).toBeGreaterThan(oneByOne.length)
    expect(haproxy.states()).toEqual(['ready', 'ready'])
  })

  exhaustively(
    'is no host that is not healthy on the old release either: it is named, and a repair puts it back when it is well',
    async () => {
      const { project } = here
      const health = { run: '[ ! -e "$AT/sick" ] || [ "$CLONEDEPLOY_HOST" != h2 ]', timeout: '1s' }
      configure({ ...inBatches, health, env: { AT: project.root } })
      await project.deployed('one')
      project.write({ sick: '', 'app/version': 'two\n' })
      const { code, stderr } = await project.run('deploy')
      expect(code).toBe(6)
      expect(stderr).toContain('is the check right? h2 stays out of HAProxy web/h2.')
      expect(stderr).toMatch(/when h2 is healthy: +clonedeploy repair\n/)
      rmSync(join(project.root, 'sick'))
      const status = await project.run('status')
      expect(status.stdout).toContain('h2 is out of HAProxy web/h2: a run has drained it and did not put it back.')
      const mended = await project.run('repair --json')
      expect(mended.stderr).toContain('Put h2 back into service: both hosts serve')
      expect([mended.code, mended.json().hosts[1]]).toEqual([0, expect.objectContaining({ back: 'HAProxy web/h2' })])
      expect(haproxy.states()).toEqual(['ready', 'ready'])
    },
  )

  exhaustively('is the host that a restart is for, while another one serves', async () => {
    const { project } = here
    configure({ restart: 'true' })
    await project.deployed('one')
    haproxy.changes.splice(0)
    expect((await project.run('restart --only h1')).code).toBe(0)
    expect(haproxy.changes).toEqual(['h1 drain', 'h1 ready'])
    haproxy.set(2, 'drain')
    haproxy.changes.splice(0)
    expect((await project.run('restart --only h1')).code).toBe(0)
    expect(haproxy.changes).toEqual([])
  })

  exhaustively(
    'is nothing of a server that somebody took out by hand: deploy and status say so, and how to put it back',
    async () => {
      const { project } = here
      configure()
      haproxy.set(2, 'maint')
      const said = `h2 is in maintenance in HAProxy web/h2, by no run: it stays out of service; to put it back: echo "set server web/h2 state ready" | socat stdio ${haproxy.socket}     (on h1)`
      for (const line of ['deploy', 'status']) {
        const { code, stderr } = await project.run(line)
        expect([code, stderr]).toEqual([0, expect.stringContaining(said)])
      }
      expect(haproxy.states()).toEqual(['ready', 'maint'])
      haproxy.set(2, 'ready')
      expect((await project.run('status')).stderr).not.toContain('by no run')
    },
  )

  it('is maintenance, and its end', async () => {
    const { project } = here
    configure()
    await project.deployed('one')
    expect((await project.run('maintenance on')).code).toBe(0)
    expect(haproxy.states()).toEqual(['maint', 'maint'])
    expect((await project.run('maintenance off')).code).toBe(0)
    expect(haproxy.states()).toEqual(['ready', 'ready'])
  })

  exhaustively(
    'is nothing any more when it dies in the middle: told once, with what to run when it is back',
    async () => {
      const { project } = here
      const hold =
        '[ "$CLONEDEPLOY_HOST" != h2 ] || grep -q one version || { : >"$AT/held"; until [ -e "$AT/go" ]; do sleep 0.1; done; }'
      configure({ ...inBatches, env: { AT: project.root }, restart: hold })
      const one = await project.deployed('one')
      project.write({ 'app/version': 'two\n' })
      const running = project.start('deploy --json')
      await vi.waitFor(() => expect(existsSync(join(project.root, 'held'))).toBe(true), {
        timeout: 300_000,
        interval: 50,
      })
      await haproxy.die()
      project.write({ go: '' })
      const { code, json } = await running.ended
      await haproxy.revive()
      expect(code).toBe(6)
      expect([1, 2].map(project.current)).toEqual([1, 2].map(() => `releases/${one}`))
      const { reason, warnings, next } = json()
      expect([reason, ...warnings].join('\n').split('HAProxy cannot be asked')).toHaveLength(2)
      expect(next).toEqual(['when HAProxy is back: clonedeploy repair'])
      expect((await project.run('repair')).code).toBe(0)
      expect(haproxy.states()).toEqual(['ready', 'ready'])
    },
  )

  it('is nothing where it does not have the backend: that is refused before anything is touched', async () => {
    configure({}, 'nope')
    const { code, stderr } = await here.project.run('deploy')
    expect([code, stderr]).toEqual([3, expect.stringContaining("HAProxy h1 nope cannot be read: Can't find backend.")])
    expect(haproxy.changes).toEqual([])
  })
})
