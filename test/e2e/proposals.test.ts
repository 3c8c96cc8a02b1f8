import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { onFleet } from '../support/on-fleet.js'
import { proposed as commandsIn } from '../support/proposed.js'
import { sshdIsHere } from '../support/sshd.js'

const here = onFleet({ hosts: 2 })

/** The words of what it told to type. */
function proposed(text: string): readonly string[] {
  return commandsIn(text).map(command => command.replace(/^clonedeploy /, ''))
}

it.skipIf(!sshdIsHere())(
  'every proposed command names the stage and the configuration, and works as it stands',
  async () => {
    const { project } = here
    project.configure({ stages: { blue: {}, green: { hosts: ['elsewhere'] } } })
    renameSync(join(project.root, 'deploy.config.json'), join(project.root, 'fleet.json'))
    const run = (args: string) => project.run(args)
    const typed = async (text: string, wanted: string) => {
      expect(proposed(text)).toContain(wanted)
      return run(wanted)
    }
    expect(await run('deploy blue -c fleet.json')).toMatchObject({ code: 0 })
    project.write({ 'app/version': 'two\n' })
    const { stdout: dry } = await run('deploy blue -c fleet.json --dry-run')
    const second = await typed(dry, 'deploy blue -c fleet.json')
    expect(second).toMatchObject({ code: 0 })
    const asked = await typed(second.stderr, 'rollback blue -c fleet.json')
    expect(asked.stderr).toContain('pass --yes')
    const { stdout: locked } = await run('lock blue -c fleet.json')
    const refused = await run('deploy blue -c fleet.json -m again')
    expect(refused.code).toBe(4)
    expect(proposed(refused.stderr)).toContain('deploy blue -c fleet.json -m again --lock-wait 10m')
    const back = proposed(locked)[0] ?? ''
    expect(back).toMatch(/^unlock blue -c fleet.json --tx \w+$/)
    expect(proposed(refused.stderr)).toContain(back)
    expect(proposed((await run('status blue -c fleet.json')).stdout)).toContain(back)
    expect(await run(back)).toMatchObject({ code: 0 })
    const { stderr: json } = await run('unlock blue -c fleet.json --tx 1 --json')
    expect(await typed(json, 'status blue -c fleet.json')).toMatchObject({ code: 0 })
  },
  120_000,
)

exhaustively.skipIf(!sshdIsHere())(
  'a repair that is proposed goes to work at once: after a run that ended with 6, and after one that was killed',
  async () => {
    const { project } = here
    const restart = '[ "$CLONEDEPLOY_HOST" != h2 ] || [ ! -e "$AT/broken" ]'
    const config = { env: { AT: project.root }, restart }
    project.configure(config)
    const one = await project.deployed('one')
    project.write({ broken: '', 'app/version': 'two\n' })
    const failed = await project.run('deploy')
    expect(failed.code).toBe(6)
    expect(proposed(failed.stderr)).toContain('repair')
    const refused = await project.run('deploy')
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('ended and needs a repair') })
    expect(proposed(refused.stderr)).toContain('repair')
    expect((await project.run('status')).stdout).toContain('that run is over')
    rmSync(join(project.root, 'broken'))
    expect(await project.run('repair')).toMatchObject({ code: 0 })
    expect((await project.run('releases')).stdout).toMatch(/on all 2 hosts +bad: h2: /)

    project.configure({ ...config, restart: `grep -q one version || { : >"$AT/held.$CLONEDEPLOY_HOST"; sleep 60; }` })
    const running = project.start('deploy')
    await vi.waitFor(
      () => expect(['h1', 'h2'].filter(host => !existsSync(join(project.root, `held.${host}`)))).toEqual([]),
      { timeout: 300_000, interval: 20 },
    )
    running.child.kill('SIGKILL')
    await running.ended
    const doubtful = await project.run('deploy')
    expect(doubtful.code).toBe(6)
    expect(proposed(doubtful.stderr)).toContain('repair')
    expect(await project.run('repair')).toMatchObject({ code: 0 })
    expect([1, 2].map(project.current)).toEqual([1, 2].map(() => `releases/${one}`))
    expect((await project.run('releases')).stdout).toMatch(
      /on all 2 hosts +bad: put back before the fleet confirmed it/,
    )
  },
  120_000,
)
