import { cpSync, rmSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents, writeFiles } from '../support/files.js'
import { all, both, onFleet } from '../support/on-fleet.js'
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

  exhaustively('that shares what the configuration does not is warned of before anything is taken off', async () => {
    madeByCapistrano()
    const { project } = here
    project.configure()
    const warning =
      "the release that h1 and h2 serve has log from shared/; this config does not share it: add shared: { dirs: ['log'] }"
    const dry = (await project.run('deploy --dry-run --json')).json()
    expect(dry.files.notCompared).toBe('the running release was made by another tool: not compared')
    const reports = [(await project.run('check --json')).json(), dry, (await project.run('deploy --json')).json()]
    for (const { warnings } of reports) expect(warnings).toContain(warning)
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

  exhaustively('is not brought to a host that joins, which says so, until it is copied there', async () => {
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

  exhaustively('is rolled back to, and deployed over again', async () => {
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

  exhaustively('whose release differs between hosts is not rolled back to', async () => {
    madeByCapistrano()
    const { project } = here
    const one = await project.deployed('one')
    writeFiles(project.on(2), { 'releases/20250301123456/version': 'by hand\n' })
    expect((await project.run('rollback -y')).code).toBe(3)
    for (const i of both) expect(project.current(i)).toBe(`releases/${one}`)
  })
})

describe.skipIf(!sshdIsHere())('a first deploy that fails beside releases of Capistrano that differ', () => {
  const here = onFleet()
  const ids = ['20260801000000', '20260801000000', '20260701000000']
  const currents = () => all.map(i => here.project.current(i))
  const before = ids.map(id => `releases/${id}`)

  function made(ofHost = ids): void {
    for (const [n, id] of ofHost.entries())
      writeFiles(here.project.on(n + 1), {
        [`releases/${id}/version`]: `${id}\n`,
        current: { link: `releases/${id}` },
      })
  }

  it('for a check that is wrong leaves all on what they served, with nothing to repair, and the next one deploys', async () => {
    made()
    const { project } = here
    project.configure({ health: { run: 'echo nobody listens; exit 1', timeout: '1s' } })
    const { code, stderr } = await project.run('deploy')
    expect([code, currents()]).toEqual([6, before])
    expect(stderr).toContain(
      'All 3 hosts serve again what they served. The health check fails for that release, too: is the check right?',
    )
    expect(stderr).not.toMatch(/MIXED|clonedeploy repair/)
    expect((await project.run('check')).code).toBe(0)
    expect((await project.run('status')).stdout).toContain('lock   free')
    expect((await project.run('repair --dry-run')).stdout).toContain('Nothing to do.')
    project.configure()
    const repaired = await project.run('repair')
    expect([repaired.code, currents()], repaired.stderr).toEqual([0, before])
    await project.deployed('two')
  })

  exhaustively(
    'for a restart that cannot work is ended by a repair that leaves each host on its own, and the next one deploys',
    async () => {
      made()
      const { project } = here
      project.configure({ restart: 'exit 1' })
      expect([(await project.run('deploy')).code, currents()]).toEqual([6, before])
      project.configure({ restart: 'true' })
      const refused = await project.run('deploy')
      expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining('clonedeploy repair')])
      const checked = (await project.run('check')).stdout
      expect(checked).toMatch(/h1: an earlier run ended and needs a repair: .*\n(.*\n)* +fix: .*clonedeploy repair/)
      expect(checked).not.toContain('locked by')
      const { stdout } = await project.run('repair --dry-run')
      for (const [n, id] of ids.entries())
        expect(stdout).toMatch(new RegExp(`h${n + 1} .* restart ${id}, which it is back on`))
      const repaired = await project.run('repair')
      expect([repaired.code, currents()], repaired.stderr).toEqual([0, before])
      await project.deployed('two')
    },
  )

  exhaustively(
    'and a release that nobody can bring to a host keeps no lock: repair says so, and a deploy brings another',
    async () => {
      made(ids.map(() => '20260801000000'))
      const { project } = here
      const one = await project.deployed('one')
      await project.run('rollback --yes')
      project.configure({ restart: 'exit 1' })
      project.write({ 'app/version': 'two\n' })
      expect((await project.run('deploy')).code).toBe(6)
      rmSync(project.on(3, 'releases/20260801000000'), { recursive: true })
      rmSync(project.on(3, 'current'))
      symlinkSync(`releases/${one}`, project.on(3, 'current'))
      project.configure({ restart: 'true' })
      const why = 'h3: no host holds 20260801000000 as it was made, so it cannot be brought there'
      const dry = await project.run('repair --dry-run')
      expect([dry.code, dry.stdout]).toEqual([6, expect.stringContaining(why)])
      const { code, stderr } = await project.run('repair')
      expect([code, stderr]).toEqual([6, expect.stringContaining('fix: clonedeploy deploy --force')])
      expect((await project.run('deploy')).code).toBe(0)
    },
  )
})
