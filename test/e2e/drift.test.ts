import { lstatSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { writeFiles } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('an app that writes into its release', () => {
  const here = onFleet({ hosts: both.length })
  /** As Python, Next and Laravel do. */
  const appWrites = (...releases: readonly string[]) => {
    for (const i of both)
      for (const id of releases) writeFiles(here.project.on(i, 'releases', id), { [`__pycache__/${i}.pyc`]: `${i}` })
  }

  it.each([
    'nothing',
    'a hook',
  ])('keeps nobody from going back, from repair and from joining, where %s made files too', async made => {
    const { project } = here
    project.configure(made === 'nothing' ? {} : { prepare: ['echo made >by-hook'] })
    const [one, two] = [await project.deployed('one'), await project.deployed('two')]
    appWrites(one, two)

    const verified = await project.run('status --verify --json')
    expect([verified.code, verified.json().result]).toEqual([0, 'consistent'])
    expect(verified.json().hosts.map(({ drift, flag }: Json) => [drift, flag])).toEqual(
      both.map(i => [
        { modified: [], missing: [], extra: ['__pycache__', `__pycache__/${i}.pyc`], extraCount: 2 },
        null,
      ]),
    )
    expect((await project.run('repair --json')).json()).toMatchObject({ result: 'unchanged', exitCode: 0 })

    rmSync(project.on(2), { recursive: true })
    const joined = await project.run('join --host h2 --json')
    expect([joined.code, project.releases(2)]).toEqual([0, [one, two]])

    appWrites(one)
    const dry = await project.run('rollback --dry-run')
    expect([dry.code, dry.stderr]).toEqual([0, expect.stringContaining('✔ 2 extra (__pycache__, __pycache__/1.pyc)')])
    const back = await project.run('rollback --yes --json')
    expect([back.code, back.json().result]).toEqual([0, 'rolled-back'])
    expect(both.map(project.current)).toEqual(both.map(() => `releases/${one}`))
  })

  it('may write what is writable: that is the same in each new release, and is never compared', async () => {
    const { project } = here
    project.configure({ writable: ['storage/**', 'app.log'] })
    const built = { 'storage/a': 'built\n', 'app.log': '' }
    project.write({ 'app/storage/a': built['storage/a'], 'app/app.log': built['app.log'] })
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    for (const i of both)
      writeFiles(project.on(i, 'current'), { 'storage/a': `${i}`, 'app.log': `${i}`, 'storage/b': '' })
    const verified = await project.run('status --verify --json')
    expect([verified.code, verified.json().hosts.map(({ drift }: Json) => drift.extraCount)]).toEqual([0, [0, 0]])
    const three = await project.deployed('three')
    for (const i of both) {
      for (const id of [one, three])
        for (const [name, text] of Object.entries(built)) expect(textOf(project.on(i, 'releases', id, name))).toBe(text)
      const inode = (id: string) => lstatSync(project.on(i, 'releases', id, 'server.js')).ino
      expect(new Set([one, two, three].map(inode)).size).toBe(1)
    }
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect((await project.run('repair')).code).toBe(0)
  })

  it('is told which sealed files are lost and how to go further back, by the dry run as by the run', async () => {
    const { project } = here
    const [one, two, three] = [await project.deployed('1'), await project.deployed('2'), await project.deployed('3')]
    appWrites(one, two)
    rmSync(project.on(2, 'releases', two, 'server.js'))
    writeFileSync(project.on(2, 'releases', two, 'version'), 'changed\n')
    for (const command of ['rollback --dry-run', 'rollback --yes']) {
      const { code, stderr } = await project.run(command)
      expect([command, code]).toEqual([command, 3])
      expect(stderr).toContain(`h2 does not hold ${two} as it was sealed. Nothing was changed.`)
      expect(stderr).toContain('h2  1 modified (version), 1 missing (server.js), 2 extra (')
      expect(stderr).toContain(`go further back: clonedeploy rollback --to ${one}`)
    }
    expect(both.map(project.current)).toEqual(both.map(() => `releases/${three}`))
    expect((await project.run(`rollback --yes --to ${one}`)).code).toBe(0)
  })
})
