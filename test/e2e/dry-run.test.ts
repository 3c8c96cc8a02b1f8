import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents, inodes } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('deploy --dry-run', () => {
  const here = onFleet({ hosts: both.length })
  const everything = () => both.map(i => inodes(here.project.on(i)))

  it.each([
    [' --json', 0],
    [' --force --detailed-exitcode', 10],
    ...exhaustive([
      ['', 0],
      [' --detailed-exitcode', 10],
    ] as const),
  ] as const)('with "%s" leaves every inode of every host as it was, and ends with %i when something would change', async (flags, code) => {
    const { project } = here
    const shared = { dirs: ['uploads'] }
    project.configure({ shared, prepare: 'cp version made', restart: 'true', health: { run: 'true' } })
    await project.deployed('one')
    project.write({ 'app/version': 'two\n' })
    const before = everything()
    const { code: ended, stdout } = await project.run(`deploy --dry-run${flags}`)
    expect(ended).toBe(code)
    expect(everything()).toEqual(before)
    expect(stdout).toMatch(flags === ' --json' ? /"dryRun":true/ : /files: 2, \+0 −0 ~1/)
  })

  it('ends a stream as a deploy does: with all that its JSON says, and nothing else on stdout', async () => {
    const { project } = here
    const { code, stdout } = await project.run('deploy --dry-run --detailed-exitcode --output jsonl')
    const lines = stdout.trimEnd().split('\n')
    expect([code, ...lines.map(line => JSON.parse(line).type)].slice(0, 2)).toEqual([10, 'run.start'])
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      type: 'run.end',
      outcome: { command: 'deploy', dryRun: true, exitCode: 10, problems: [] },
    })
  })

  it.each([
    ' --detailed-exitcode',
    ...exhaustive(['']),
  ])('with "%s" ends with 0 when nothing would change', async flags => {
    const { project } = here
    await project.deployed('one')
    const before = everything()
    const { code, stdout } = await project.run(`deploy --dry-run${flags}`)
    expect(code).toBe(0)
    expect(stdout).toContain('Nothing would change')
    expect(everything()).toEqual(before)
  })

  exhaustively('creates nothing where deployTo does not exist yet', async () => {
    const { project, fleet } = here
    const before = both.map(i => Object.keys(contents(fleet.folder(i))))
    const { code, stdout } = await project.run('deploy --dry-run --detailed-exitcode')
    expect(code).toBe(10)
    expect(stdout).toContain('No problems found')
    expect(both.map(i => Object.keys(contents(fleet.folder(i))))).toEqual(before)
    for (const i of both) expect(contents(project.on(i))).toEqual({})
  })

  it('names every step that the deploy would take, and runs none of them', async () => {
    const { project } = here
    const mark = (name: string) => `touch ${join(project.root, name)}`
    project.configure({
      build: mark('ran-build'),
      prepare: [mark('ran-prepare'), { run: mark('ran-once'), once: true }],
      restart: mark('ran-restart'),
      health: { run: mark('ran-health') },
    })
    const { code, stdout } = await project.run('deploy --dry-run')
    expect(code).toBe(0)
    for (const name of ['ran-build', 'ran-prepare', 'ran-once', 'ran-restart', 'ran-health']) {
      expect(stdout).toContain(mark(name))
      expect(contents(join(project.root, name))).toEqual({})
    }
  })

  it('ends with the 3 that the deploy would end with, and names the host', async () => {
    const { project } = here
    project.configure({ shared: { files: ['.env'] } })
    const { code, stdout } = await project.run('deploy --dry-run')
    expect(code).toBe(3)
    for (const i of both) expect(stdout).toContain(`h${i}: shared/.env does not exist`)
  })

  it('with --offline needs no host, runs no command of the project and reads no secret', async () => {
    const { project, fleet } = here
    writeFileSync(join(project.root, 'canary'), '')
    project.configure({
      build: `echo build >>${join(project.root, 'canary')}`,
      secrets: { KEY: { cmd: `echo secret >>${join(project.root, 'canary')}; echo x` }, NONE: { env: 'NOT_SET' } },
    })
    const before = both.map(fleet.contacts)
    const { code, stdout } = await project.run('deploy --dry-run --offline')
    expect(code).toBe(0)
    expect(stdout).toContain('hosts were not contacted')
    expect(textOf(join(project.root, 'canary'))).toBe('')
    expect(both.map(fleet.contacts)).toEqual(before)
    expect((await project.run('deploy --offline')).code).toBe(2)
  })
})
