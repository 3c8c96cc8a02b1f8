import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contents } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

/** A path of so many characters, of names as long as a file system takes them. */
function pathOf(length: number): string {
  const names = []
  for (let left = length; left > 0; left -= 256) names.push('n'.repeat(Math.min(left, 255)))
  return names.join('/')
}

describe.skipIf(!sshdIsHere())('a path', () => {
  const here = onFleet({ hosts: both.length })
  const files = (i: number) => contents(join(here.project.on(i), 'current/'))

  it.each([
    256, 1000, 3000,
  ])('of %i characters in a release arrives, is verified, rolled back and pruned', async length => {
    const { project } = here
    const long = pathOf(length)
    project.write({ [`app/${long}`]: 'one\n', [`app/${'é'.repeat(127)}`]: 'one\n' })
    const one = await project.deployed('one')
    project.write({ [`app/${long}`]: 'two\n' })
    const two = await project.deployed('two')
    for (const i of both) expect(files(i)[`./${long}`]).toBe('file 644 two\n')
    const status = await project.run('status --verify --json')
    expect([status.code, status.json().problems]).toEqual([0, []])
    expect((await project.run('rollback --yes')).code).toBe(0)
    for (const i of both)
      expect([project.current(i), files(i)[`./${long}`]]).toEqual([`releases/${one}`, 'file 644 one\n'])
    await project.deployed('three')
    expect((await project.run('prune --keep 1')).code).toBe(0)
    for (const i of both) expect(project.releases(i)).not.toContain(two)
  })

  it('of 1,500 characters may be where releases lie', async () => {
    const { project, fleet } = here
    const deep = (i: number) => join(fleet.folder(i), 'deep', pathOf(1500))
    project.configure({}, i => ({ deployTo: deep(i) }))
    project.write({ [`app/${pathOf(1000)}`]: 'x\n' })
    await project.deployed('one')
    expect((await project.run('status --verify')).code).toBe(0)
    for (const i of both) execFileSync('rm', ['-rf', join(fleet.folder(i), 'deep')])
  })

  it('may be longer in all than any path from the root', async () => {
    const { project, fleet } = here
    const deep = (i: number) => join(fleet.folder(i), 'deep', pathOf(2000))
    project.configure({}, i => ({ deployTo: deep(i) }))
    project.write({ [`app/${pathOf(3000)}`]: 'one\n' })
    const one = await project.deployed('one')
    project.write({ [`app/${pathOf(3000)}`]: 'two\n' })
    await project.deployed('two')
    expect((await project.run('status --verify')).code).toBe(0)
    expect((await project.run('rollback --yes')).code).toBe(0)
    for (const i of both) {
      expect(readlinkSync(join(deep(i), 'current'))).toBe(`releases/${one}`)
      // No shell goes that deep: `find` goes folder by folder.
      const found = ['-L', 'current', '-name', 'n*', '-type', 'f', '-execdir', 'cat', '{}', ';']
      const told = execFileSync('find', found, { cwd: deep(i) })
      expect(String(told)).toBe('one\n')
      // Node removes nothing whose whole path is too long.
      execFileSync('rm', ['-rf', join(fleet.folder(i), 'deep')])
    }
  })
})
