import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents } from '../support/files.js'
import { all, both, onFleet } from '../support/on-fleet.js'
import { type Json, type Project, startProject, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('what one host alone says', () => {
  const here = onFleet()
  /** Somebody who has the third host in hand. */
  let mallory: Project
  beforeEach(async () => {
    mallory = await startProject(here.fleet)
    mallory.configure({ hosts: [{ name: 'h3', deployTo: here.project.on(3) }] })
  })
  afterEach(() => mallory.remove())
  const served = (hosts: readonly number[] = all) =>
    hosts.map(i => textOf(here.project.on(i, 'current/version')).trim())
  const verdicts = ({ hosts }: Json) => hosts.map(({ verdict }: Json) => verdict)

  /** A release of her own on the third host, sealed and served, with a record that goes before all others. */
  async function forged(): Promise<string> {
    const release = await mallory.deployed('evil')
    const file = here.project.on(3, '.clonedeploy/fleet')
    const record = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, `${JSON.stringify({ ...record, seq: 1e9, by: 'mallory' })}\n`)
    return release
  }

  it('is advised by no status and brought by no repair, but on trust', async () => {
    const { project } = here
    await project.deployed('one')
    const evil = await forged()
    const before = both.map(i => contents(project.on(i)))
    const status = (await project.run('status --json')).json()
    expect(verdicts(status)).toEqual(['consistent', 'consistent', 'alone'])
    const digest = status.alone[0].digest
    const says = `only h3 says that the fleet serves ${evil} (${digest}), by mallory at `
    expect(status.problems).toEqual([expect.stringContaining(says)])
    expect(status.next).toEqual([
      'if that is right: clonedeploy repair --trust-host h3',
      'if it is not: clonedeploy repair --trust-host h1',
    ])
    const repaired = await project.run('repair -y --json')
    expect(repaired.code).toBe(6)
    expect(repaired.json()).toMatchObject({ result: 'mixed', exitCode: 6, reason: expect.stringContaining(says) })
    expect(repaired.json().next[0]).toBe('if that is right: clonedeploy repair -y --json --trust-host h3')
    const dry = await project.run('repair --dry-run')
    expect([dry.code, dry.stdout]).toEqual([6, expect.stringContaining(says)])
    expect(both.map(i => contents(project.on(i)))).toEqual(before)

    const trusted = await project.run('repair --trust-host h3')
    expect(trusted.code, trusted.stderr).toBe(0)
    expect(trusted.stderr).toContain(`on trust: ${says}`)
    expect(served()).toEqual(['evil', 'evil', 'evil'])
  })

  exhaustively('is brought to no new host, and another is trusted in its place', async () => {
    const { project } = here
    await project.deployed('one')
    await forged()
    rmSync(project.on(2), { recursive: true })
    const joined = await project.run('join --host h2')
    expect([joined.code, joined.stderr]).toEqual([6, expect.stringContaining('only h3 says that the fleet serves')])
    expect(existsSync(project.on(2))).toBe(false)
    expect((await project.run('repair --trust-host h1')).code).toBe(0)
    expect(served()).toEqual(['one', 'one', 'one'])
    expect((await project.run('status')).code).toBe(0)
  })
})

describe.skipIf(!sshdIsHere())('a fleet of two, one of which was left out', () => {
  const here = onFleet({ hosts: both.length })
  const served = () => both.map(i => textOf(here.project.on(i, 'current/version')).trim())

  it('follows the other where that was deployed from, and elsewhere on trust', async () => {
    const { project, fleet } = here
    const leave = async (version: string) => {
      project.write({ 'app/version': `${version}\n` })
      expect((await project.run('deploy --exclude h1 --reason burnt')).code).toBe(0)
    }
    await project.deployed('one')
    await leave('two')
    expect((await project.run('repair')).code).toBe(0)
    expect(served()).toEqual(['two', 'two'])

    await leave('three')
    const other = await startProject(fleet)
    other.configure({}, i => ({ deployTo: project.on(i) }))
    const refused = await other.run('repair')
    expect(refused.code).toBe(6)
    expect(refused.stderr).toMatch(/only h2 says .* by anna at .*, and that h1 was left out: burnt/)
    expect(refused.stderr).toContain('clonedeploy repair --trust-host h2')
    expect(served()).toEqual(['two', 'three'])
    expect((await other.run('repair --trust-host h2')).code).toBe(0)
    expect(served()).toEqual(['three', 'three'])
    other.remove()
  })
})
