import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('a deployTo that two stages name', () => {
  const here = onFleet({ hosts: both.length })
  const run = (args: string) => here.project.run(args)
  const trees = () => both.map(i => inodes(here.project.on(i)))
  const owners = () => both.map(i => JSON.parse(textOf(here.project.on(i, '.clonedeploy/fleet'))).stage)
  const versions = () => both.map(i => textOf(here.project.on(i, 'current/version')))
  /** Blue has deployed there. */
  const asBlue = () => {
    here.project.configure({ stages: { blue: {}, green: {} }, restart: 'true', defaultStage: 'blue' })
    return here.project.deployed('one')
  }

  async function refused(command: string, again = `${command} --adopt`): Promise<void> {
    const before = trees()
    const { code, stdout, stderr } = await run(command)
    expect([code, stderr]).toEqual([3, expect.stringContaining('h2  ')])
    expect(stdout).toBe('')
    for (const i of both)
      expect(stderr).toContain(`${here.project.on(i)} was deployed as shop/blue, and this is shop/green`)
    expect(stderr).toContain(`if only the name changed: clonedeploy ${again}`)
    expect(trees()).toEqual(before)
  }

  it('belongs to the one that deployed there, until the other adopts it', async () => {
    await asBlue()
    here.project.write({ 'app/version': 'two\n' })
    await refused('deploy green')
    await refused('deploy green --dry-run')
    await refused('prune green --keep 1')
    await refused('lock green')
    const before = trees()
    expect(await run('deploy green --adopt --dry-run --detailed-exitcode')).toMatchObject({ code: 10 })
    expect(trees()).toEqual(before)
    expect(await run('deploy green --adopt')).toMatchObject({ code: 0 })
    expect([versions(), owners()]).toEqual([both.map(() => 'two\n'), both.map(() => 'green')])
    const { code, stderr } = await run('deploy blue')
    expect([code, stderr]).toEqual([3, expect.stringContaining('was deployed as shop/green, and this is shop/blue')])
    expect(await run('prune blue')).toMatchObject({ code: 3 })
    expect(await run('status green')).toMatchObject({ code: 0 })
  })

  it.each(
    exhaustive([
      'rollback green --yes',
      'restart green',
      'repair green',
      'repair green --dry-run',
      'join green --host h2',
      'maintenance on --stage green',
    ]),
  )('is refused to %s', async command => {
    await asBlue()
    await refused(command)
  })

  exhaustively('is refused to a command that would run there, to its log and its lock', async () => {
    const logs = 'tail -n 1 version'
    here.project.configure({ stages: { blue: {}, green: {} }, defaultStage: 'blue', logs })
    await here.project.deployed('one')
    await refused('run --stage green -- cat current/version', 'run --stage green --adopt -- cat current/version')
    await refused('logs --stage green')
    expect(await run('run --stage green --adopt -- cat current/version')).toMatchObject({ code: 0 })
    expect(await run('logs --stage green --adopt')).toMatchObject({ code: 0 })
    const { tx } = (await run('lock blue --json')).json()
    await refused(`unlock green --tx ${tx}`)
    expect(await run(`unlock green --tx ${tx} --adopt`)).toMatchObject({ code: 0 })
    expect(owners()).toEqual(both.map(() => 'blue'))
    expect(await run('lock green --adopt')).toMatchObject({ code: 0 })
    expect(owners()).toEqual(both.map(() => 'green'))
  })

  exhaustively('is the problem of its hosts for check, status and releases', async () => {
    await asBlue()
    const before = trees()
    const said = expect.stringContaining(`${here.project.on(2)} was deployed as shop/blue, and this is shop/green`)
    expect(await run('check green')).toMatchObject({ code: 3, stdout: said })
    expect(await run('status green')).toMatchObject({ code: 6, stdout: said })
    expect(await run('releases green')).toMatchObject({ code: 6, stderr: said })
    expect(trees()).toEqual(before)
  })

  it.each(
    exhaustive(['repair', 'join --host h2', 'deploy']),
  )('on a server that comes from another app is adopted by %s, whatever that app recorded', async command => {
    const { project } = here
    const only = (i: number) => [{ name: `h${i}`, deployTo: project.on(i) }]
    project.configure({ app: 'blog', hosts: only(2) })
    for (const version of ['a', 'b', 'c']) await project.deployed(version)
    project.configure({ hosts: only(1) })
    await project.deployed('ours')
    project.configure()
    expect(await run(command)).toMatchObject({ code: 3 })
    expect(await run(`${command} --adopt`)).toMatchObject({ code: 0 })
    expect(versions()).toEqual(both.map(() => 'ours\n'))
    expect((await run('status --json')).json()).toMatchObject({ result: 'consistent' })
  })

  exhaustively.each(['deploy', 'repair', 'prune', 'restart', 'maintenance off'])(
    'is adopted by %s also where nothing else is to be done',
    async command => {
      const release = await asBlue()
      expect(await run(`${command} --stage green --adopt`)).toMatchObject({ code: 0 })
      expect([owners(), both.map(here.project.current)]).toEqual([
        both.map(() => 'green'),
        both.map(() => `releases/${release}`),
      ])
      expect((await run('status green --json')).json()).toMatchObject({ result: 'consistent', target: release })
    },
  )
})
