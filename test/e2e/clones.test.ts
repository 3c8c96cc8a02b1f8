import { appendFileSync, lstatSync, readFileSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('clones', () => {
  const here = onFleet({ hosts: both.length })
  const names = ['version', 'server.js', 'run.sh', 'empty', 'a b\nc']
  const files = { 'app/run.sh': 'run\n', 'app/empty': '', 'app/a b\nc': 'odd\n' }
  /** When each file was written, on host `i`. */
  const dates = (i: number) => names.map(name => lstatSync(here.project.on(i, 'current', name)).mtimeMs)
  const sameDates = () => expect(both.map(dates)).toEqual(both.map(() => dates(1)))
  const inode = (i: number, release: string, name: string) =>
    lstatSync(here.project.on(i, 'releases', release, name)).ino

  it('agree on when a file was written, also one that is new in the fleet', async () => {
    const { project } = here
    project.write(files)
    const one = await project.deployed('one')
    const first = dates(1)
    rmSync(project.on(2), { recursive: true })
    const two = await project.deployed('two')
    sameDates()
    expect(dates(1)[0]).toBeGreaterThan(first[0] as number)
    expect(dates(1).slice(1)).toEqual(first.slice(1))
    expect(inode(1, two, 'server.js')).toBe(inode(1, one, 'server.js'))
    const three = await project.deployed('three')
    sameDates()
    expect(dates(2).slice(1)).toEqual(first.slice(1))
    expect(inode(2, three, 'server.js')).toBe(inode(2, two, 'server.js'))
  })

  exhaustively('agree on it when a repair has brought one the release', async () => {
    const { project } = here
    project.write(files)
    await project.deployed('one')
    await project.deployed('two')
    rmSync(project.on(2), { recursive: true })
    expect((await project.run('repair')).code).toBe(0)
    sameDates()
    expect(textOf(project.on(2, 'current/version'))).toBe('two\n')
  })

  it('share no file with a release that something has written into', async () => {
    const { project } = here
    project.write(files)
    const one = await project.deployed('one')
    appendFileSync(project.on(2, 'current/run.sh'), 'more\n')
    const two = await project.deployed('two')
    expect(inode(1, two, 'run.sh')).toBe(inode(1, one, 'run.sh'))
    expect(inode(2, two, 'run.sh')).not.toBe(inode(2, one, 'run.sh'))
    expect(both.map(i => readFileSync(project.on(i, 'current/run.sh'), 'utf8'))).toEqual(both.map(() => 'run\n'))
  })

  exhaustively('share no file with a release where prepare hooks may write', async () => {
    const { project } = here
    project.write(files)
    const one = await project.deployed('one')
    project.configure({ prepare: ['echo more >>run.sh'] })
    const two = await project.deployed('two')
    expect(both.map(i => textOf(project.on(i, 'releases', one, 'run.sh')))).toEqual(both.map(() => 'run\n'))
    expect(both.map(i => textOf(project.on(i, 'releases', two, 'run.sh')))).toEqual(both.map(() => 'run\nmore\n'))
  })
})
