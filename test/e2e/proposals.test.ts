import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

const here = onFleet({ hosts: 2 })

/** What it told to type, in the order in which it was told. */
function proposed(text: string): readonly string[] {
  return [...text.matchAll(/(?<=(?:^|: +)clonedeploy )[a-z].*?(?=$| {3})/gm)].map(([command]) => command)
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
  60_000,
)
