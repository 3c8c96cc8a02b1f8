import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { all, onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

/** The first keys of every object. */
const head = ['v', 'command', 'result', 'exitCode', 'stage']

describe.skipIf(!sshdIsHere())('commands that only read', () => {
  const here = onFleet()

  it('leave every inode of every host as it was', async () => {
    const { project } = here
    await project.deployed('one')
    const before = all.map(i => inodes(project.on(i)))
    project.configure({ audit: { ignore: ['/tmp', '/var/lib'] } })
    for (const command of [
      'status',
      'status --verify',
      'releases',
      'audit',
      'check',
      'config',
      'prune --dry-run --keep 1',
    ])
      expect([command, (await project.run(command)).code]).toEqual([command, 0])
    expect(all.map(i => inodes(project.on(i)))).toEqual(before)
  })

  it('status tells what every host holds, with the keys of its contract', async () => {
    const { project } = here
    const release = await project.deployed('one')
    const { code, json } = await project.run('status --json')
    expect(code).toBe(0)
    const { hosts, ...rest } = json()
    expect(rest).toEqual({
      v: 1,
      command: 'status',
      app: 'shop',
      stage: 'production',
      result: 'consistent',
      exitCode: 0,
      target: release,
      lock: null,
      split: null,
      problems: [],
      next: [],
    })
    expect(hosts.map(({ name }: Json) => name)).toEqual(['h1', 'h2', 'h3'])
    expect(hosts[0]).toMatchObject({
      reachable: true,
      current: release,
      digest: expect.stringMatching(/^sha256:/),
      served: null,
      health: 'none',
      drift: null,
      transaction: null,
      releases: [release],
      verdict: 'consistent',
      says: null,
      next: null,
      behind: null,
    })
  })

  it('status of a fleet without a release is empty, with 0', async () => {
    const { code, json } = await here.project.run('status --json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({ result: 'empty', exitCode: 0, target: null })
  })

  it('status ends with 6 and names the host that serves another release', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    rmSync(project.on(3, 'current'))
    symlinkSync(`releases/${one}`, project.on(3, 'current'))
    const { code, json } = await project.run('status --json')
    expect(code).toBe(6)
    expect(json()).toMatchObject({ result: 'mixed', target: two, exitCode: 6 })
    expect(json().hosts.map(({ flag }: Json) => flag)).toEqual([null, null, 'OLD'])
  })

  it('status ends with 6 and names the host that does not answer, and reads the others', async () => {
    const { project, fleet } = here
    const one = await project.deployed('one')
    await fleet.stopHost(2)
    const { code, json } = await project.run('status --json')
    await fleet.startHost(2)
    expect(code).toBe(6)
    expect(json().result).toBe('unknown')
    expect(json().hosts.map(({ reachable, current }: Json) => [reachable, current])).toEqual([
      [true, one],
      [false, null],
      [true, one],
    ])
  })

  it('status --verify finds every file that was changed, removed or added by hand', async () => {
    const { project } = here
    const release = await project.deployed('one')
    writeFileSync(project.on(3, 'releases', release, 'version'), 'two\n')
    rmSync(project.on(3, 'releases', release, 'server.js'))
    writeFileSync(project.on(3, 'releases', release, 'more stuff'), '')
    expect((await project.run('status')).code).toBe(0)
    const { code, json } = await project.run('status --verify --json')
    expect(code).toBe(6)
    expect(json().hosts[2]).toMatchObject({
      drift: { modified: ['version'], missing: ['server.js'], extra: ['more stuff'], extraCount: 1 },
      flag: 'DRIFT',
    })
    expect(json().hosts[0]).toMatchObject({
      drift: { modified: [], missing: [], extra: [], extraCount: 0 },
      flag: null,
    })
  })

  it('status --verify --all finds what a rollback would find', async () => {
    const { project } = here
    const one = await project.deployed('one')
    expect((await project.run('status --all')).code).toBe(2)
    await project.deployed('two')
    const three = await project.deployed('three')
    const whole = await project.run('status --verify --all --json')
    expect([whole.code, whole.json().earlier.map(({ release }: Json) => release === three)]).toEqual([
      0,
      [false, false],
    ])
    writeFileSync(project.on(3, 'releases', one, 'version'), 'other\n')
    expect((await project.run('status --verify')).code).toBe(0)
    const { code, json, stdout } = await project.run('status --verify --all --json')
    expect([code, json().result]).toEqual([6, 'consistent'])
    expect(json().earlier[1]).toMatchObject({
      release: one,
      hosts: [
        { name: 'h1', drift: { modified: [] } },
        { name: 'h2', drift: { modified: [] } },
        { name: 'h3', drift: { modified: ['version'], missing: [] } },
      ],
    })
    expect(json().problems).toEqual([
      `${one}, to which a rollback could go, is not as it was sealed: h3: 1 modified (version).`,
    ])
    expect(json().next).toEqual([`look: clonedeploy rollback --to ${one} --dry-run`])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  exhaustively('releases lists every release and where it is', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    rmSync(project.on(2, 'releases', one), { recursive: true })
    const { code, json, stdout } = await project.run('releases --json')
    expect(code).toBe(0)
    expect(Object.keys(json())).toEqual([...head, 'app', 'hosts', 'releases'])
    const found = json().releases.map(({ id, who, hosts }: Json) => [id, who, ...hosts.map(({ state }: Json) => state)])
    expect(found).toEqual([
      [two, 'anna', 'current', 'current', 'current'],
      [one, 'anna', 'intact', 'missing', 'intact'],
    ])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  })

  it('check tells of every host how it is reached and what would stop a deploy', async () => {
    const { project } = here
    const good = await project.run('check --json')
    expect(good.code).toBe(0)
    expect(Object.keys(good.json())).toEqual([...head, 'app', 'hosts', 'store', 'problems', 'warnings'])
    expect(good.json().hosts).toHaveLength(3)
    writeFileSync(project.on(1).replace(/\/[^/]*$/, '/a-file'), '')
    project.configure({ shared: { files: ['.env'] } }, i =>
      i === 1 ? { deployTo: project.on(1).replace(/\/[^/]*$/, '/a-file') } : {},
    )
    const { code, json } = await project.run('check --json')
    expect(code).toBe(3)
    expect(json().problems.map(({ host }: Json) => host)).toEqual(expect.arrayContaining(['h1', 'h2', 'h3']))
    expect(json().problems[0].text).toContain('is not a folder')
  })

  it('check, a dry run and a deploy name what is left out, and what should be, in their last words and in JSON', async () => {
    const { project } = here
    project.write({ 'app/.env': 'x', 'app/id': `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkq'.repeat(4)}\n` })
    const told = [
      expect.stringMatching(/^left out, .*: \.env$/),
      expect.stringMatching(/^id holds a private key, .*: \/id$/),
    ]
    for (const command of ['check', 'deploy --dry-run', 'deploy', 'deploy'])
      expect((await project.run(`${command} --json`)).json().warnings).toEqual(told)
    const { stderr } = await project.run('deploy --force')
    expect(stderr).toMatch(/✔ Deployed .*\n\n {2}! left out, .*: \.env\n {2}! id holds .*: \/id\n/)
  })

  it('config shows the configuration without its secrets, and contacts nobody', async () => {
    const { project, fleet } = here
    project.configure({ secrets: { TOKEN: { env: 'TOKEN' } } })
    const before = all.map(fleet.contacts)
    const { code, json, stdout } = await project.run('config --json', { env: { TOKEN: 'hunter2' } })
    expect(code).toBe(0)
    expect(json()).toMatchObject({ app: 'shop' })
    expect(stdout).not.toContain('hunter2')
    expect(all.map(fleet.contacts)).toEqual(before)
  })

  it('boot-resolver prints a script for every folder of the stage, and contacts nobody', async () => {
    const { project, fleet } = here
    const before = all.map(fleet.contacts)
    const { code, stdout } = await project.run('boot-resolver')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^#!\/bin\/sh\n/)
    expect(stdout).toContain(`for D in ${all.map(i => `'${project.on(i)}'`).join(' ')}; do\n`)
    const { script, cron, unit } = (await project.run('boot-resolver --json')).json()
    expect(script).toBe(stdout)
    expect([cron, unit].every(text => text.includes('/usr/local/lib/clonedeploy-boot-shop-production'))).toBe(true)
    expect(all.map(fleet.contacts)).toEqual(before)
  })

  it('run gives the output of every host by its name, and the worst exit code', async () => {
    const { project } = here
    await project.deployed('one')
    const good = await project.run('run -- cat current/version')
    expect(good.code).toBe(0)
    expect(good.stdout.trimEnd().split('\n').sort()).toEqual(['h1 | one', 'h2 | one', 'h3 | one'])
    const bad = await project.run('run --only h2,h3 -- exit 7')
    expect(bad.code).toBe(7)
    expect(bad.stderr.trimEnd().split('\n').sort()).toEqual(['h2 | ✖ exit code 7', 'h3 | ✖ exit code 7'])
    expect((await project.run('run')).code).toBe(2)
  })

  it.each([
    ...exhaustive([
      ['run h2 cat current/version', 'h2 is a host: clonedeploy run --only h2 -- cat current/version'] as const,
    ]),
    ['run h2', 'h2 is a host: clonedeploy run --only h2 -- COMMAND'],
  ] as const)('`%s` says how a command is run on that host alone', async (line, hint) => {
    const { project } = here
    await project.deployed('one')
    const { code, stderr } = await project.run(line)
    expect(code).toBe(127)
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`  ${hint}`)
  })

  it.each([
    ['deploy --only h1', "unknown option '--only'"],
    ['deploy --except h1', "unknown option '--except'"],
    ['rollback --only h1', "unknown option '--only'"],
    ['nonsense', 'nonsense'],
    ['deploy --concurrency zero', 'whole number'],
    ['status --only nobody', 'nobody'],
  ])('refuses `%s` with 2, and contacts nobody', async (line, sentence) => {
    const { project, fleet } = here
    const before = all.map(fleet.contacts)
    const { code, stderr } = await project.run(line)
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
    expect(all.map(fleet.contacts)).toEqual(before)
  })
})
