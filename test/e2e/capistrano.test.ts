import { cpSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents, writeFiles } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a tree that Capistrano made', () => {
  const here = onFleet({ hosts: both.length })

  function madeByCapistrano(): void {
    for (const i of both) {
      const release = (id: string) => ({
        [`releases/${id}/version`]: `${id}\n`,
        [`releases/${id}/REVISION`]: '0123456789012345678901234567890123456789\n',
        [`releases/${id}/log`]: { link: '../../shared/log' },
      })
      writeFiles(here.project.on(i), {
        ...release('20250101000000'),
        ...release('20250301123456'),
        'shared/log/production.log': 'old lines\n',
        'repo/HEAD': 'ref: refs/heads/main\n',
        'revisions.log': 'Branch main deployed\n',
        current: { link: here.project.on(i, 'releases/20250301123456') },
      })
    }
    here.project.configure({ shared: { dirs: ['log'] } })
  }

  it('is read as it is: consistent, with its releases', async () => {
    madeByCapistrano()
    const { code, json } = await here.project.run('status --json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({ result: 'consistent', target: '20250301123456' })
    expect((await here.project.run('releases')).stdout).toContain('not made by clonedeploy')
  })

  it('is deployed to, and nothing that it held is touched', async () => {
    madeByCapistrano()
    const { project } = here
    const before = both.map(i => contents(project.on(i)))
    const release = await project.deployed('one')
    for (const i of both) {
      expect(project.current(i)).toBe(`releases/${release}`)
      expect(textOf(project.on(i, 'current/log/production.log'))).toBe('old lines\n')
      const { './current': _, ...rest } = before[i - 1] ?? {}
      expect(contents(project.on(i))).toMatchObject(rest)
    }
  })

  it('is not brought to a host that joins, which says so, until it is copied there', async () => {
    madeByCapistrano()
    const { project } = here
    await project.deployed('one')
    rmSync(project.on(2), { recursive: true })
    const dry = await project.run('join --dry-run')
    const { code, json } = await project.run('join --json')
    const told =
      '20250301123456, 20250101000000 were not brought, so the fleet has nothing to go back to until the next deploy: another tool made them, and no manifest says what belongs in them. To keep them, copy their folders to releases/ on h2 by hand.'
    expect([code, json().warnings]).toEqual([0, [told]])
    expect(dry.stderr).toContain(told)
    cpSync(project.on(1, 'releases/20250301123456'), project.on(2, 'releases/20250301123456'), {
      recursive: true,
      verbatimSymlinks: true,
    })
    expect((await project.run('rollback -y --json')).json()).toMatchObject({ release: '20250301123456', exitCode: 0 })
  })

  it('is rolled back to, and deployed over again', async () => {
    madeByCapistrano()
    const { project } = here
    const one = await project.deployed('one')
    const { code, json } = await project.run('rollback -y --json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({ release: '20250301123456', previous: one })
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('20250301123456\n')
    expect((await project.run('status --json')).json()).toMatchObject({
      result: 'consistent',
      target: '20250301123456',
    })
    await project.deployed('two')
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('two\n')
  })

  exhaustively('is rolled back to when it was made on the same day', async () => {
    const { project } = here
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    for (const i of both)
      writeFiles(project.on(i), {
        [`releases/${today}000000/version`]: 'today\n',
        current: { link: `releases/${today}000000` },
      })
    await project.deployed('one')
    const { json } = await project.run('rollback -y --json')
    expect(json()).toMatchObject({ exitCode: 0, release: `${today}000000` })
  })

  exhaustively('gets its absolute link back, letter by letter, when the first deploy fails', async () => {
    madeByCapistrano()
    const { project } = here
    project.configure({ health: { run: '[ "$CLONEDEPLOY_HOST" != h2 ] || ! grep -q one version', timeout: '1s' } })
    expect((await project.run('deploy')).code).toBe(5)
    for (const i of both) expect(project.current(i)).toBe(project.on(i, 'releases/20250301123456'))
  })

  it('whose release differs between hosts is not rolled back to', async () => {
    madeByCapistrano()
    const { project } = here
    const one = await project.deployed('one')
    writeFiles(project.on(2), { 'releases/20250301123456/version': 'by hand\n' })
    expect((await project.run('rollback -y')).code).toBe(3)
    for (const i of both) expect(project.current(i)).toBe(`releases/${one}`)
  })
})
