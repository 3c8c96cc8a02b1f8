import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { all, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('rollback', () => {
  const here = onFleet()
  const versions = () => all.map(i => textOf(here.project.on(i, 'current/version')).trim())

  it('takes the whole fleet to the newest earlier release, restarts and asks after its health', async () => {
    const { project } = here
    project.configure({
      restart: 'cat version >"$AT/serves.$CLONEDEPLOY_HOST"',
      health: { run: 'true' },
      env: { AT: project.root },
    })
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    const { code, json } = await project.run('rollback --yes --json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({
      command: 'rollback',
      result: 'rolled-back',
      exitCode: 0,
      release: one,
      previous: two,
    })
    expect(json().hosts.map((host: { healthy: boolean }) => host.healthy)).toEqual([true, true, true])
    for (const i of all) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(textOf(`${project.root}/serves.h${i}`)).toBe('one\n')
    }
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: one })
  })

  exhaustively('goes to the release that --to names, forwards as well', async () => {
    const { project } = here
    const made = [await project.deployed('one'), await project.deployed('two'), await project.deployed('three')]
    expect((await project.run(`rollback --to ${made[0]} -y`)).code).toBe(0)
    expect(versions()).toEqual(['one', 'one', 'one'])
    expect((await project.run(`rollback --to ${made[2]} -y`)).code).toBe(0)
    expect(versions()).toEqual(['three', 'three', 'three'])
    const same = await project.run(`rollback --to ${made[2]} -y --json`)
    expect(same.json()).toMatchObject({ result: 'unchanged', exitCode: 0 })
  })

  exhaustively(
    'knows which release is older when two were deployed in the same second, or a clock was set back',
    async () => {
      const { project } = here
      const one = await project.deployed('one')
      const later = '20991231-235958-fffffff'
      for (const i of all)
        for (const [folder, end] of [
          ['releases', ''],
          ['.clonedeploy/manifests', ''],
          ['.clonedeploy/manifests', '.seal'],
          ['.clonedeploy/manifests', '.sealed'],
          ['.clonedeploy/manifests', '.confirmed'],
        ] as const)
          renameSync(project.on(i, folder, one + end), project.on(i, folder, later + end))
      await project.run(`run -- ln -sfn releases/${later} current`)
      const two = await project.deployed('two')
      expect(two).toMatch(/^20991231-235959-/)
      expect((await project.run('rollback -y --json')).json()).toMatchObject({
        exitCode: 0,
        release: later,
        previous: two,
      })
    },
  )

  it('asks for --yes where nobody can be asked, and changes nothing', async () => {
    const { project } = here
    await project.deployed('one')
    await project.deployed('two')
    const before = all.map(i => inodes(project.on(i)))
    const { code, stderr } = await project.run('rollback')
    expect(code).toBe(2)
    expect(stderr).toContain('--yes')
    expect(all.map(i => inodes(project.on(i)))).toEqual(before)
  })

  it('never goes to a release that was marked bad: the next deploy removes it', async () => {
    const { project } = here
    await project.deployed('one')
    project.configure({ health: { run: '! grep -q broken version', timeout: '1s' } })
    project.write({ 'app/version': 'broken\n' })
    const failed = await project.run('deploy --json')
    expect(failed.code).toBe(5)
    await project.deployed('three')
    expect(all.flatMap(project.releases)).not.toContain(failed.json().release)
    expect((await project.run('rollback -y')).code).toBe(0)
    expect(versions()).toEqual(['one', 'one', 'one'])
  })

  exhaustively('passes over a release that one host does not have, and refuses it by name', async () => {
    const { project } = here
    await project.deployed('one')
    const two = await project.deployed('two')
    await project.deployed('three')
    rmSync(project.on(3, 'releases', two), { recursive: true })
    const named = await project.run(`rollback --to ${two} -y`)
    expect(named.code).toBe(3)
    expect(named.stderr).toContain('missing on h3')
    expect((await project.run('rollback -y')).code).toBe(0)
    expect(versions()).toEqual(['one', 'one', 'one'])
  })

  it('ends with 3 when what a release has lost is nowhere, and nobody is swapped', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    for (const i of all) rmSync(project.on(i, 'releases', one, 'version'))
    const { code, stderr } = await project.run('rollback -y')
    expect(code).toBe(3)
    expect(stderr).toContain('h3')
    for (const i of all) expect(project.current(i)).toBe(`releases/${two}`)
  })

  exhaustively('ends with 3 when there is no earlier release, and with 3 for one that nobody has', async () => {
    const { project } = here
    await project.deployed('one')
    expect((await project.run('rollback -y')).code).toBe(3)
    expect((await project.run('rollback -y --to 20200101-000000-abcdefg')).code).toBe(3)
    expect(versions()).toEqual(['one', 'one', 'one'])
  })

  exhaustively('puts all back when the old release is not healthy, with 5', async () => {
    const { project } = here
    const well = '[ "$CLONEDEPLOY_HOST" != h2 ] || [ ! -e "$AT/sick" ] || ! grep -q one version'
    project.configure({ env: { AT: project.root }, health: { run: well, timeout: '1s' } })
    await project.deployed('one')
    const two = await project.deployed('two')
    project.write({ sick: '' })
    const { code } = await project.run('rollback -y')
    expect(code).toBe(5)
    for (const i of all) expect(project.current(i)).toBe(`releases/${two}`)
    expect((await project.run('status')).code).toBe(0)
  })
})
