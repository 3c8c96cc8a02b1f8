import { mkdirSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const hosts = [1, 2, 3] as const

describe.skipIf(!sshdIsHere())('over the system’s ssh', () => {
  const here = onFleet({ hosts: 3 })
  const tmp = () => `${here.fleet.dir}/t`
  const configure = (config: object = {}) =>
    here.project.configure({
      restart: 'cp version "$AT/runs.$CLONEDEPLOY_HOST"',
      env: { AT: here.project.root },
      ssh: { configFile: here.fleet.sshConfigFile, connectTimeout: '5s', transport: 'openssh' },
      ...config,
    })
  const serving = () => hosts.map(i => textOf(`${here.project.root}/runs.h${i}`))
  beforeAll(() => mkdirSync(tmp()))
  afterAll(() => vi.waitFor(() => expect(readdirSync(tmp())).toEqual([]), 300_000))

  it('a fleet is deployed, read and rolled back', async () => {
    const { project } = here
    configure({ shared: { dirs: ['uploads'] } })
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    expect(hosts.map(project.current)).toEqual(hosts.map(() => `releases/${two}`))
    expect(serving()).toEqual(['two\n', 'two\n', 'two\n'])
    const check = (await project.run('check --json')).json()
    expect(check.hosts.map(({ transport, why }: Json) => [transport, why])).toEqual(hosts.map(() => ['openssh', null]))
    expect((await project.run('status --verify --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    expect((await project.run('rollback --yes', { env: { TMPDIR: tmp() } })).code).toBe(0)
    expect(hosts.map(project.current)).toEqual(hosts.map(() => `releases/${one}`))
  })

  exhaustively('a health check that fails on one host puts all back, with 5', async () => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    configure({ health: { run: '[ "$CLONEDEPLOY_HOST" != h2 ] || ! grep -q two version', timeout: '1s' } })
    project.write({ 'app/version': 'two\n' })
    const { code, json } = await project.run('deploy --json', { env: { TMPDIR: tmp() } })
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'put-back', release: expect.anything() })
    expect(hosts.map(project.current)).toEqual(hosts.map(() => `releases/${one}`))
    expect(serving()).toEqual(['one\n', 'one\n', 'one\n'])
  })

  it('nothing is contacted where there is no ssh, with 3', async () => {
    const { project } = here
    configure()
    const { code, stderr } = await project.run('deploy', { env: { PATH: project.root } })
    expect(code).toBe(3)
    expect(stderr).toContain('h1 cannot be connected to by ssh: this machine has no ssh (OpenSSH)')
    expect(hosts.map(project.current)).toEqual([null, null, null])
  })

  exhaustively('a host that loses its connection in the swap does not stay alone: all go back', async () => {
    const { project, fleet } = here
    configure()
    const one = await project.deployed('one')
    configure({ restart: '[ "$CLONEDEPLOY_HOST" != h3 ] || grep -q one version || { echo cut me; sleep 3; }' })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json --verbose', { env: { TMPDIR: tmp() } })
    await running.until('cut me')
    fleet.dropConnections(3)
    const { code, json } = await running.ended
    expect([code, json().result]).toEqual([5, 'put-back'])
    expect(hosts.map(project.current)).toEqual(hosts.map(() => `releases/${one}`))
  })
})

describe.skipIf(!sshdIsHere())('a host that only the system’s ssh can talk to', () => {
  const here = onFleet({
    hosts: 3,
    sshdConfig: i => (i === 2 ? ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] : []),
  })

  it('is deployed to with the others, and is named with the reason', async () => {
    const { project } = here
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(0)
    const why =
      "h2: connected by the system's ssh, because it and clonedeploy cannot agree on how to talk: no matching key exchange algorithm"
    expect(stderr).toContain(why)
    expect(new Set(hosts.map(project.current)).size).toBe(1)
    const { stdout } = await project.run('check')
    const block = stdout.slice(stdout.indexOf('✔ h2 '), stdout.indexOf('✔ h3 '))
    expect(block).toContain(`client, by the system's ssh, ${why.slice(why.indexOf('because'))}\n`)
  })

  it('stops the deploy when the system’s ssh must not be used', async () => {
    const { project, fleet } = here
    project.configure({ ssh: { configFile: fleet.sshConfigFile, transport: 'builtin' } })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('h2 and clonedeploy cannot agree on how to talk')
    expect(hosts.map(project.current)).toEqual([null, null, null])
  })
})
