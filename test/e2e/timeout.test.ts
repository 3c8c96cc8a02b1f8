import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('the time budget of a run', () => {
  const here = onFleet({ hosts: both.length })
  const restart = 'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"'
  const configure = (config: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, ...config })
  const restarts = () => both.map(i => textOf(join(here.project.root, `restarts.h${i}`)))
  const currents = () => both.map(here.project.current)
  const over = (budget: string) => new RegExp(`[Tt]he time budget \\(--timeout ${budget}\\) is over`)

  it.each([
    ...exhaustive([['a build', { source: { dir: '.' }, build: 'sleep 60', include: ['app'] }] as const]),
    ['a prepare hook', { prepare: 'sleep 60' }],
  ] as const)('that ends in %s leaves everything as it was, with 3', async (_, config) => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    configure(config)
    project.write({ 'app/version': 'two\n' })
    const { code, stderr } = await project.run('deploy --timeout 2s')
    expect(code).toBe(3)
    expect(stderr).toMatch(over('2s'))
    expect(currents()).toEqual(both.map(() => `releases/${one}`))
    expect(both.map(project.releases)).toEqual(both.map(() => [one]))
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  exhaustively('counts the wait for the lock, with 3', async () => {
    const { project } = here
    await project.deployed('one')
    expect((await project.run('lock')).code).toBe(0)
    const { code, stderr } = await project.run('deploy --force --lock-wait 10m --timeout 2s')
    expect(code).toBe(3)
    expect(stderr).toMatch(over('2s'))
  })

  exhaustively('that ends while health is never right puts a rollback back, with 5', async () => {
    const { project } = here
    configure({ health: { run: '[ ! -e "$AT/sick" ] || grep -q two version', timeout: '10m' } })
    await project.deployed('one')
    const two = await project.deployed('two')
    project.write({ sick: '' })
    const { code, stderr } = await project.run('rollback --yes --timeout 6s')
    expect(code).toBe(5)
    expect(stderr).toMatch(over('6s'))
    expect(currents()).toEqual(both.map(() => `releases/${two}`))
    expect(restarts()).toEqual(both.map(() => 'one\ntwo\none\ntwo\n'))
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  it('may be longer than a timer can be', async () => {
    expect((await here.project.run('deploy --timeout 1000h')).code).toBe(0)
  })
})

describe.skipIf(!sshdIsHere())('a controller that sleeps', () => {
  const here = onFleet({ hosts: both.length })

  it('after the swap, and wakes when the hosts have put themselves back: nothing is confirmed late, with 5', async () => {
    const { project } = here
    const env = { AT: project.root }
    const one = await project.deployed('one')
    const hold = ': >"$AT/held.$CLONEDEPLOY_HOST"; until [ -e "$AT/go" ]; do sleep 0.1; done'
    project.configure({ env, restart: { run: `grep -q one version || { ${hold}; }`, timeout: '5m' } })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json')
    await vi.waitFor(() => expect(both.filter(i => !existsSync(join(project.root, `held.h${i}`)))).toEqual([]), {
      timeout: 300_000,
      interval: 20,
    })
    running.child.kill('SIGSTOP')
    project.write({ go: '' })
    const currents = () => both.map(project.current)
    await vi
      .waitFor(() => expect(currents()).toEqual(both.map(() => `releases/${one}`)), {
        timeout: 300_000,
        interval: 100,
      })
      .finally(() => running.child.kill('SIGCONT'))
    const { code, json } = await running.ended
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'put-back', exitCode: 5 })
    expect(currents()).toEqual(both.map(() => `releases/${one}`))
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })
})
