import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

/** An app is up as long as its file is there; a restart makes it, unless the app is broken, and writes down its host. */
const restart = 'echo "$CLONEDEPLOY_HOST" >>"$AT/restarts"; [ -e "$AT/broken" ] || : >"$AT/up.$CLONEDEPLOY_HOST"'

describe.skipIf(!sshdIsHere())('an app that is down', () => {
  const here = onFleet({ hosts: 2 })
  const at = (name: string) => join(here.project.root, name)
  const restarts = () => textOf(at('restarts')).split('\n').slice(0, -1)
  const configure = (config: object = {}) =>
    here.project.configure({
      restart,
      env: { AT: here.project.root },
      health: { run: 'test -e "$AT/up.$CLONEDEPLOY_HOST"', timeout: '500ms' },
      ...config,
    })
  let release: string

  beforeEach(async () => {
    configure()
    release = await here.project.deployed('one')
    rmSync(at('restarts'))
  })

  it.each([
    'deploy',
    ...exhaustive(['repair', 'rollback --yes']),
  ])('is no reason for %s to say that all is well', async command => {
    const { project } = here
    rmSync(at('up.h2'))
    const to = command.startsWith('rollback') ? ` --to ${release}` : ''
    const { code, stderr, json } = await project.run(`${command}${to} --json`)
    expect(code).toBe(6)
    expect(json()).toMatchObject({ result: 'unchanged', exitCode: 6, release })
    expect(json().hosts.map(({ name, healthy }: Json) => [name, healthy])).toEqual([
      ['h1', true],
      ['h2', false],
    ])
    expect(stderr).toContain(`both hosts serve ${release} already, but h2 is not healthy.`)
    expect(stderr).toContain('fix: clonedeploy restart --only h2')
    expect(restarts()).toEqual([])
  })

  it('is named by status with the command that starts it, on that host alone', async () => {
    const { project } = here
    rmSync(at('up.h2'))
    expect((await project.run('status')).stdout).toContain('fix: clonedeploy restart --only h2')
    const { code, stderr, json } = await project.run('restart --only h2 --json')
    expect([code, stderr]).toEqual([0, expect.stringContaining(`The host still serves ${release}.`)])
    expect(json()).toMatchObject({ command: 'restart', result: 'restarted', hosts: [{ name: 'h2', restarted: true }] })
    expect(restarts()).toEqual(['h2'])
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    expect((await project.run('deploy --json')).json()).toMatchObject({ result: 'unchanged', exitCode: 0 })
  })

  exhaustively(
    'on the first of two hosts that go in turn ends the restart there, with 6, and keeps users from it',
    async () => {
      const { project } = here
      const tell = (word: string) => `echo ${word} >"$AT/in.$CLONEDEPLOY_HOST"`
      const command = { drain: tell('drain'), ready: tell('ready'), state: 'cat "$AT/in.$CLONEDEPLOY_HOST"' }
      configure({ rollout: { batch: 1 }, balancer: { command, settle: '10ms' } })
      project.write({ broken: '', 'in.h1': 'ready\n', 'in.h2': 'ready\n' })
      rmSync(at('up.h1'))
      const { code, stderr, json } = await project.run('restart --json')
      expect(code).toBe(6)
      expect(json()).toMatchObject({
        result: 'mixed',
        hosts: [
          { name: 'h1', current: release, restarted: true, healthy: false, out: 'the balancer h1' },
          { name: 'h2', current: release, restarted: false, healthy: null, error: null },
        ],
      })
      expect(stderr).toContain(`Restart failed on h1. 1 of 2 hosts was restarted. Both hosts still serve ${release}.`)
      expect(stderr).toContain(`still serve ${release}. h1 is out of service.`)
      expect(stderr).toMatch(/back: +clonedeploy repair {5}\(when h1 is healthy, back into service\)/)
      expect(restarts()).toEqual(['h1'])
      expect(await project.run('repair')).toMatchObject({ code: 6 })
      expect(textOf(at('in.h1'))).toBe('drain\n')
      writeFileSync(at('up.h1'), '')
      expect(await project.run('repair')).toMatchObject({ code: 0 })
      expect(textOf(at('in.h1'))).toBe('ready\n')
      rmSync(at('broken'))
      expect(await project.run('restart')).toMatchObject({ code: 0 })
      expect(restarts()).toEqual(['h1', 'h1', 'h2'])
    },
  )

  exhaustively('is shown what a restart would do to it, and left as it is', async () => {
    const { project } = here
    configure({ rollout: { batch: 1 } })
    const before = inodes(project.on(2, 'releases'))
    const { code, stdout } = await project.run('restart --dry-run --detailed-exitcode')
    expect(code).toBe(10)
    expect(stdout).toContain('! batch 2   h2')
    expect(stdout).toMatch(/! each +echo .* {5}\(one host at a time\)/)
    expect(stdout).toContain('Run it: clonedeploy restart production')
    const some = await project.run('restart --dry-run --only h1 --json')
    expect([some.code, some.json()]).toMatchObject([0, { dryRun: true, hosts: [{ name: 'h1', would: 'restart' }] }])
    expect((await project.run('restart --dry-run --only h1')).stdout).toContain('restart production --only h1')
    await project.run('lock')
    expect(await project.run('restart --dry-run')).toMatchObject({ code: 4 })
    expect(existsSync(at('restarts'))).toBe(false)
    expect(inodes(project.on(2, 'releases'))).toEqual(before)
  })

  exhaustively('is waited for when somebody wants to stop, and no other host begins: 5', async () => {
    const { project } = here
    configure({ rollout: { batch: 1 }, restart: [restart, `while [ ! -e "$AT/go" ]; do sleep 0.05; done`] })
    const running = project.start('restart --json --output github')
    await vi.waitFor(() => expect(restarts()).toEqual(['h1']), { timeout: 300_000, interval: 20 })
    running.child.kill('SIGINT')
    await running.until('no other begins')
    writeFileSync(at('go'), '')
    const { code, stderr, json } = await running.ended
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'aborted', reason: 'stopped by Ctrl-C' })
    expect(stderr).toMatch(/^::error [^\n]*::Stopped by Ctrl-C$/m)
    expect(stderr).toContain('go on: clonedeploy restart')
    expect(restarts()).toEqual(['h1'])
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  exhaustively('stays so while somebody holds the lock, and where nobody says how to restart', async () => {
    const { project } = here
    await project.run('lock -m hands-off')
    const locked = await project.run('restart')
    expect([locked.code, locked.stderr]).toEqual([4, expect.stringContaining('clonedeploy restart --lock-wait 10m')])
    configure({ restart: undefined })
    expect(await project.run('restart')).toMatchObject({ code: 2 })
    expect(existsSync(at('restarts'))).toBe(false)
  })
})
