import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startHaproxy, type TestHaproxy } from '../support/haproxy.js'
import { ageLocks } from '../support/lease.js'
import { onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const three = [1, 2, 3]

describe.skipIf(!sshdIsHere())('behind HAProxy', () => {
  const here = onFleet({ hosts: 3 })
  let haproxy: TestHaproxy
  /** Requests that are not answered before the test says so. */
  const long: (() => void)[] = []
  /** What the app on a host says; while its restart runs, it is down. */
  const answer = async (i: number, path: string) => {
    if (path === '/long')
      await new Promise<void>(resolve => {
        long.push(resolve)
      })
    if (existsSync(join(here.project.root, `down.h${i}`))) return { status: 503, body: 'down' }
    return { status: 200, body: textOf(here.project.on(i, 'current/version')).trim() }
  }
  beforeAll(async () => {
    haproxy = await startHaproxy(3, { answer })
  })
  afterAll(() => haproxy?.stop())
  beforeEach(() => haproxy.ask(three.map(i => `set server web/h${i} state ready`).join(';')))

  const restart = 'D="$AT/down.$CLONEDEPLOY_HOST"; : >"$D"; sleep 0.3; rm "$D"'
  const balancer = (more: object = {}, limits: object = {}) => ({
    haproxy: { host: 'h1', socket: haproxy.socket, backend: 'web', ...more },
    ...limits,
  })
  const configure = (config: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, balancer: balancer(), ...config })
  const onH = (i: number, command: string) => `[ "$CLONEDEPLOY_HOST" != h${i} ] || { ${command}; }`
  const hold = ': >"$AT/held"; until [ -e "$AT/go" ]; do sleep 0.1; done'
  const exists = (name: string) =>
    vi.waitFor(() => expect(existsSync(join(here.project.root, name))).toBe(true), { timeout: 300_000, interval: 20 })

  async function served(config: object): Promise<string> {
    configure({ restart: [] })
    const release = await here.project.deployed('one')
    here.project.write({ 'app/version': 'two\n' })
    configure(config)
    return release
  }

  /** Users that come one after the other, until `over`; what they were answered. */
  async function users(over: Promise<unknown>): Promise<readonly string[]> {
    const answers: string[] = []
    let ended = false
    over.finally(() => {
      ended = true
    })
    while (!ended) {
      const response = await fetch(haproxy.url)
      answers.push(`${response.status} ${await response.text()}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return answers
  }

  it('a deploy in batches drains each host while it changes: no user sees an error', async () => {
    const { project } = here
    await served({ rollout: { batch: 1 } })
    const deploy = project.run('deploy --json')
    const answers = await users(deploy)
    expect((await deploy).code).toBe(0)
    expect(answers.length).toBeGreaterThan(50)
    expect([...new Set(answers)].sort()).toEqual(['200 one', '200 two'])
    expect(await haproxy.states()).toEqual(['ready', 'ready', 'ready'])
    const events = (await deploy).stderr.split('\n').filter(line => /(out of|in) HAProxy web/.test(line))
    expect(events.map(line => line.replace(/ in \d.*/, '').replace(/^ +✔ /, ''))).toEqual([
      'h1       out of HAProxy web/h1',
      'h1       in HAProxy web/h1',
      'h2       out of HAProxy web/h2',
      'h2       in HAProxy web/h2',
      'h3       out of HAProxy web/h3',
      'h3       in HAProxy web/h3',
    ])
  })

  it('waits for the users of a host, but not for ever', async () => {
    const { project } = here
    await served({ rollout: { batch: 1 } })
    await haproxy.ask('set server web/h2 state drain;set server web/h3 state drain')
    const first = fetch(`${haproxy.url}/long`).then(response => response.text())
    await vi.waitFor(() => expect(long).toHaveLength(1), 300_000)
    await haproxy.ask('set server web/h2 state ready;set server web/h3 state ready')
    const running = project.start('deploy --json')
    await vi.waitFor(async () => expect((await haproxy.states())[0]).toBe('drain'), { timeout: 300_000 })
    await running.until(/drain .*h1/)
    expect(project.current(1)).toBe(project.current(2))
    long.pop()?.()
    expect(await first).toBe('one')
    expect((await running.ended).code).toBe(0)

    await haproxy.ask('set server web/h2 state drain;set server web/h3 state drain')
    const second = fetch(`${haproxy.url}/long`).catch(() => null)
    await vi.waitFor(() => expect(long).toHaveLength(1), 300_000)
    await haproxy.ask('set server web/h2 state ready;set server web/h3 state ready')
    configure({ rollout: { batch: 1 }, balancer: balancer({}, { drainTimeout: '1s' }) })
    const bounded = await project.run('deploy --force --json')
    expect(bounded.code).toBe(0)
    expect(bounded.json().warnings).toEqual(['h1: 1 sessions had not ended in HAProxy web/h1 when its time was over'])
    long.pop()?.()
    await second
  })

  it('what somebody else has taken out stays out, also when all goes back', async () => {
    const { project } = here
    const one = await served({ rollout: { batch: 1 }, health: { run: onH(3, '! grep -q two version'), timeout: '1s' } })
    await haproxy.ask('set server web/h1 state maint')
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(5)
    expect(json().hosts.map(({ current }: Json) => current)).toEqual([one, one, one])
    expect(await haproxy.states()).toEqual(['maint', 'ready', 'ready'])
    expect(stderr).toContain('h1 is in maintenance in HAProxy web/h1, by no run')
    expect(stderr).not.toMatch(/[✔✖] +h1 .*HAProxy web\/h1/)
    configure({ rollout: { batch: 1 }, restart: onH(2, hold) })
    await haproxy.ask('set server web/h1 state drain')
    const running = project.start('deploy')
    await exists('held')
    await haproxy.ask('set server web/h3 state maint')
    project.write({ go: '' })
    expect((await running.ended).code).toBe(0)
    expect(await haproxy.states()).toEqual(['drain', 'ready', 'maint'])
  })

  it('is looked at before anything is touched', async () => {
    const { project } = here
    await served({})
    const refused = async (args: string, more: object, ...says: readonly string[]) => {
      configure({ balancer: balancer(more) })
      const { code, stderr, stdout } = await project.run(args)
      expect(code).toBe(3)
      for (const text of says) expect(stderr + stdout).toContain(text)
    }
    await refused('deploy', { backend: 'nope' }, "HAProxy h1 nope cannot be read: Can't find backend.")
    await refused('check', { server: { h2: 'w2' } }, 'HAProxy h1 web has no server w2; it has h1, h2, h3')
    await refused('deploy --dry-run', { socket: haproxy.userSocket }, 'the level user, which may not change servers')
    await refused(
      'deploy',
      { socket: '/nowhere.sock' },
      'HAProxy cannot be asked at /nowhere.sock on h1',
      'level admin',
    )
    await haproxy.ask('set server web/h1 state drain;set server web/h2 state drain')
    configure({ rollout: { batch: 1 } })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('only 1 of 3 hosts are up, and 1 must stay up')
    for (const i of three) expect(project.releases(i)).toHaveLength(1)
  })

  it('maintenance shows its page to all users, on all hosts or none, and leaves alone what was out before', async () => {
    const { project } = here
    await served({ rollout: { batch: 1 } })
    const flags = () => three.map(i => existsSync(project.on(i, 'shared/maintenance')))
    await haproxy.ask('set server web/h3 state drain')
    mkdirSync(project.on(2, 'shared/maintenance'), { recursive: true })
    const failed = await project.run('maintenance on')
    expect(failed.code).toBe(5)
    expect(failed.stderr).toContain('All is as it was')
    expect(flags()).toEqual([false, true, false])
    rmdirSync(project.on(2, 'shared/maintenance'))

    expect((await project.run('maintenance on -m moving')).code).toBe(0)
    expect(await haproxy.states()).toEqual(['maint', 'maint', 'drain'])
    expect((await fetch(haproxy.url)).status).toBe(503)
    expect((await project.run('maintenance on --json')).json()).toMatchObject({ maintenance: 'on' })
    const status = await project.run('status')
    expect(status.stdout).toMatch(/maintenance is on +by anna, .*"moving"/)
    expect(status.stdout).toContain('h1: in maintenance in HAProxy web/h1')
    expect((await project.run('deploy')).code).toBe(0)
    expect(await haproxy.states()).toEqual(['maint', 'maint', 'drain'])
    expect(flags()).toEqual([true, true, true])

    expect((await project.run('maintenance off')).code).toBe(0)
    expect(flags()).toEqual([false, false, false])
    expect(await haproxy.states()).toEqual(['ready', 'ready', 'drain'])
    expect((await fetch(haproxy.url)).status).toBe(200)
    expect((await project.run('maintenance off')).code).toBe(0)
    expect((await project.run('maintenance of')).code).toBe(2)
  })

  it('whose controller is killed while a host is drained: repair puts that host into service again', async () => {
    const { project } = here
    const one = await served({ rollout: { batch: 1 }, restart: onH(2, `grep -q one version || { ${hold}; }`) })
    const running = project.start('deploy')
    await exists('held')
    running.child.kill('SIGKILL')
    await running.ended
    project.write({ go: '' })
    configure({ restart: [] })
    await vi.waitFor(() => expect(three.map(project.current)).toEqual(three.map(() => `releases/${one}`)), {
      timeout: 300_000,
      interval: 100,
    })
    expect(await haproxy.states()).toEqual(['ready', 'drain', 'ready'])
    ageLocks(project, three)
    const status = await project.run('status --json')
    expect(status.code).toBe(6)
    expect(status.json().hosts.map(({ verdict }: Json) => verdict)).toEqual(['consistent', 'drained', 'consistent'])
    const repair = await project.run('repair')
    expect(repair.stderr).toContain('HAProxy web/h2')
    expect(repair.code).toBe(0)
    expect(await haproxy.states()).toEqual(['ready', 'ready', 'ready'])
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: one })
  })

  it('that dies in the middle of a deploy: all hosts go back, and what stays out is said, with 6', async () => {
    const { project } = here
    const one = await served({
      rollout: { batch: 1 },
      balancer: balancer({}, { readyTimeout: '1s' }),
      restart: onH(2, `grep -q one version || { ${hold}; }`),
    })
    const running = project.start('deploy --json')
    await exists('held')
    await haproxy.kill()
    project.write({ go: '' })
    const { code, json, stderr } = await running.ended
    expect(three.map(project.current)).toEqual(three.map(() => `releases/${one}`))
    expect(code).toBe(6)
    expect(json().hosts.map(({ current }: Json) => current)).toEqual([one, one, one])
    expect(stderr).toContain('out of HAProxy web/h2')
    await haproxy.start()
    await haproxy.ask('set server web/h2 state drain')
    configure({ restart: [] })
    expect((await project.run('repair')).code).toBe(0)
    expect(await haproxy.states()).toEqual(['ready', 'ready', 'ready'])
  })

  it('a host that is lost on the way back is taken out and said so; repair brings it back, with 6', async () => {
    const { project, fleet } = here
    const one = await served({ restart: [restart, onH(3, `grep -q one version || { ${hold}; }`)] })
    const running = project.start('deploy --json')
    await exists('held')
    await fleet.stopHost(3)
    const { code, json, stderr } = await running.ended
    expect(code).toBe(6)
    expect(json().hosts.map(({ out }: Json) => out ?? null)).toEqual([null, null, 'HAProxy web/h3'])
    expect(stderr).toContain('taken out of HAProxy web/h3')
    expect(await haproxy.states()).toEqual(['ready', 'ready', 'drain'])
    await fleet.startHost(3)
    ageLocks(project, three)
    configure({ restart: [] })
    expect((await project.run('repair')).code).toBe(0)
    expect(three.map(project.current)).toEqual(three.map(() => `releases/${one}`))
    expect(await haproxy.states()).toEqual(['ready', 'ready', 'ready'])
  })
})
