import { randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { zipFor } from '../../src/artifact/payload/zip.js'
import { exhaustively } from '../support/exhaustively.js'
import { contents, writeFiles } from '../support/files.js'
import { installed } from '../support/installed.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'

describe.skipIf(!sshdIsHere())('deploy', () => {
  const here = onFleet({ hosts: both.length })

  it('puts the same files on every host, whatever their names, modes and kinds', async () => {
    const { project } = here
    project.write({
      'app/.dotfile': 'dot\n',
      'app/.folder/.inner': 'inner\n',
      'app/bin/start': { mode: 0o755, text: '#!/bin/sh\n' },
      'app/to-start': { link: 'bin/start' },
      'app/to-folder': { link: 'bin' },
      'app/empty': '',
      'app/nothing in it/': '',
      'app/with space/and more': 'space\n',
      'app/new\nline': 'newline\n',
      'app/quotes\'"`': 'quotes\n',
      'app/$(touch pwned)': 'dollar\n',
      'app/-rf': 'dash\n',
      'app/back\\slash': 'slash\n',
      'app/not\xff\xfeutf8': 'bytes\n',
      'app/umlaut-\xc3\xa4': 'umlaut\n',
    })
    const { code, json } = await project.run('deploy --json')
    expect(code).toBe(0)
    const { release, digest } = json()
    const wanted = { ...contents(join(project.root, 'app')), './REVISION': `file 644 ${digest}\n` }
    for (const i of both) {
      expect(project.current(i)).toBe(`releases/${release}`)
      expect(project.releases(i)).toEqual([release])
      expect(contents(project.on(i, 'releases', release))).toEqual(wanted)
    }
  })

  exhaustively('leaves nothing of its work behind, and records that only its user can reach', async () => {
    const { project } = here
    await project.deployed('one')
    for (const i of both) {
      expect(contents(project.on(i, '.clonedeploy'))['.']).toBe('folder 700')
      expect(readdirSync(project.on(i, '.clonedeploy/incoming'))).toEqual([])
      expect(readdirSync(project.on(i)).sort()).toEqual(['.clonedeploy', 'current', 'releases'])
    }
  })

  exhaustively('removes artifacts that were not used for long, and none that a host holds', async () => {
    const { project } = here
    const cache = join(project.root, '.clonedeploy/cache/artifacts')
    for (const version of ['one', 'two']) await project.deployed(version)
    const held = readdirSync(cache)
    const others = Array.from({ length: 11 }, (_, i) => `${i}`.padStart(64, '0'))
    for (const name of others) writeFileSync(join(cache, `${name}.manifest`), '')
    for (const file of readdirSync(cache))
      utimesSync(join(cache, file), 1_000, others.indexOf(file.slice(0, 64)) + 1_000)
    await project.deployed('three')
    const kept = readdirSync(cache)
    expect(held.filter(file => !kept.includes(file))).toEqual([])
    expect(others.filter(name => !kept.includes(`${name}.manifest`))).toEqual([others[0]])
  })

  it('tells with -v how often each host was asked, what it was sent, and what that cost here', async () => {
    const { code, stderr, json } = await here.project.run('deploy --json -v')
    expect(code).toBe(0)
    const told = [...stderr.matchAll(/^ +· (h\d) +(\d+) round trips, ([\d.]+) kB sent$/gm)]
    expect(told.map(([, host]) => host)).toEqual(both.map(i => `h${i}`))
    expect(stderr).toMatch(/^ +· .+ since the start of the program, .+ of processor time here$/m)
    for (const [i, [, , times, kB]] of told.entries()) {
      expect(Number(times)).toBeGreaterThanOrEqual(7)
      expect(Math.abs(Number(kB) * 1000 - json().hosts[i].bytes)).toBeLessThan(500)
    }
  })

  it('tells what it did as JSON with the keys of its contract', async () => {
    const { json, stdout } = await here.project.run('deploy --json')
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    const { release, digest, hosts, seconds, bytes, swapWindowMs, ...rest } = json()
    expect(rest).toEqual({
      v: 1,
      command: 'deploy',
      result: 'deployed',
      exitCode: 0,
      stage: 'production',
      previous: null,
      switchWindowMs: null,
      reason: null,
      next: [],
      warnings: [],
    })
    expect(release).toMatch(/^\d{8}-\d{6}-[0-9a-f]{7}$/)
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect([typeof seconds, typeof bytes, typeof swapWindowMs]).toEqual(['number', 'number', 'number'])
    expect(hosts).toHaveLength(both.length)
    for (const [n, host] of hosts.entries()) {
      const sent = expect.any(Number)
      expect(host).toEqual({ name: `h${n + 1}`, current: release, digest, healthy: null, bytes: sent, error: null })
    }
  })

  it('sends a host only what it lacks', async () => {
    const { project } = here
    const big = Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [`app/big/${n}`, randomBytes(10_000).toString('hex')]),
    )
    project.write({ ...big, 'app/a': 'old\n', 'app/gone': 'old\n', 'app/large': 'large '.repeat(1e6) })
    const first = (await project.run('deploy --json')).json()
    expect(first.bytes).toBeGreaterThan(both.length * 300_000)
    if (zipFor([]) === 'zstd') installed('zstd')
    const log = textOf(join(project.root, `.clonedeploy/logs/${first.release}.log`))
    expect(log).toContain(`'${zipFor([])}' -dc | tar`)
    project.write({ 'app/a': 'new\n', 'app/added/b': 'new\n', 'app/version': 'two\n' })
    rmSync(join(project.root, 'app/gone'))
    const { code, json } = await project.run('deploy --json')
    expect(code).toBe(0)
    const { release, bytes, digest } = json()
    expect(bytes).toBeLessThan(4 * 60_000)
    const wanted = { ...contents(join(project.root, 'app')), './REVISION': `file 644 ${digest}\n` }
    for (const i of both) {
      expect(contents(project.on(i, 'releases', release))).toEqual(wanted)
      expect(project.current(i)).toBe(`releases/${release}`)
    }
  })

  exhaustively('sends everything where a file of the release before was changed by hand, and says so', async () => {
    const { project } = here
    const before = await project.deployed('one')
    project.write({ 'app/version': 'two\n' })
    const changed = project.on(2, 'releases', before, 'server.js')
    rmSync(changed)
    const { code, json } = await project.run('deploy --json')
    expect(code).toBe(0)
    expect(json().warnings).toEqual([`h2: ${before} is not what it was, so everything was sent`])
    expect(textOf(project.on(2, 'current/server.js'))).toBe('serve()\n')
  })

  exhaustively('brings the same files again where they would be run in another way', async () => {
    const { project } = here
    const shared = { dirs: ['uploads'] }
    project.configure({ health: { run: 'true' } })
    const before = await project.deployed('one')
    project.configure({ shared, health: { run: 'true', timeout: '7s' } })
    expect((await project.run('deploy --dry-run --detailed-exitcode')).code).toBe(10)
    const { json, stderr } = await project.run('deploy --json')
    expect(json()).toMatchObject({ result: 'deployed', previous: before, exitCode: 0 })
    expect(stderr).toContain('the files are the same, but not how they are run: shared')
    for (const i of both) expect(readlinkSync(project.on(i, 'current/uploads'))).toBe('../../shared/uploads')
    expect((await project.run('deploy --json')).json().result).toBe('unchanged')
  })

  it('has nothing to do when every host serves that digest; --force deploys it again', async () => {
    const { project } = here
    const release = await project.deployed('one')
    const again = await project.run('deploy --json')
    expect(again.code).toBe(0)
    expect(again.json()).toMatchObject({ result: 'unchanged', release, previous: release, exitCode: 0 })
    expect(again.stderr).toContain('Nothing to do')
    for (const i of both) expect(project.releases(i)).toEqual([release])
    const forced = await project.run('deploy --force --json')
    expect(forced.code).toBe(0)
    expect(forced.json()).toMatchObject({ result: 'deployed', previous: release })
    const next = forced.json().release
    expect(next).not.toBe(release)
    for (const i of both) expect(project.current(i)).toBe(`releases/${next}`)
  })

  it('deploys a pinned revision of a repository, without what lies uncommitted beside it', async () => {
    const { project } = here
    project.git('init', '-q', '-b', 'main')
    project.git('add', 'app')
    project.git('commit', '-q', '-m', 'first')
    const first = project.git('rev-parse', 'HEAD').trim()
    project.write({ 'app/version': 'two\n' })
    project.git('commit', '-q', '-a', '-m', 'second')
    project.write({ 'app/version': 'uncommitted\n', 'app/.deployignore': 'version\n' })
    project.configure({ source: { git: '.', ref: 'main', subdir: 'app' } })
    const warnings = [
      expect.stringMatching(
        /^the working tree has (1 uncommitted change, which is|\d+ uncommitted changes, which are) not deployed: /,
      ),
      '.deployignore is not applied as it is here until that is committed',
    ]
    expect((await project.run('deploy --dry-run --json')).json().warnings).toEqual(warnings)
    const head = await project.run('deploy --json')
    expect(head.code).toBe(0)
    expect(head.json().warnings).toEqual(warnings)
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('two\n')
    const second = project.git('rev-parse', 'main').trim()
    const back = `goes back 1 commit: takes away ${second.slice(0, 7)} second (t)`
    const dry = (await project.run(`deploy --dry-run --json --ref ${first}`)).json()
    expect(dry).toMatchObject({ commits: [], takesAway: [{ id: second, author: 't', subject: 'second' }] })
    expect(dry.warnings).toContain(back)
    project.configure({ source: { git: '.', ref: 'main', subdir: 'app' }, protected: true })
    const asked = await onTerminal(project.root, `deploy --ref ${first}`, [['2 hosts of production?', 'n']])
    expect(asked.screen).toMatch(/Goes back 1 commit: .*\n.*Deploy .* to 2 hosts of production\?/)
    const older = await project.run(`deploy --yes --json --ref ${first}`)
    expect(older.code).toBe(0)
    expect(older.json().warnings).toContain(back)
    expect(older.json().release).toMatch(new RegExp(`-${first.slice(0, 7)}$`))
    for (const i of both) {
      expect(textOf(project.on(i, 'current/version'))).toBe('one\n')
      expect(textOf(project.on(i, 'current/REVISION'))).toBe(`${first}\n`)
    }
  })

  it('builds once, here, and deploys what the build made', async () => {
    const { project } = here
    project.configure({
      build: {
        run: 'mkdir app/dist && cp app/version app/dist/built && echo "$TARGET" >>"$AT"/builds',
        env: { AT: project.root },
      },
      env: { TARGET: 'hosts' },
    })
    const { code } = await project.run('deploy --json')
    expect(code).toBe(0)
    expect(textOf(join(project.root, 'builds'))).toBe('\n')
    for (const i of both) expect(textOf(project.on(i, 'current/dist/built'))).toBe('one\n')
  })

  exhaustively(
    'takes a folder of the build as the release, and lays out what git has of a shared folder where that is empty',
    async () => {
      const { project } = here
      project.git('init', '-q', '-b', 'main')
      project.write({ 'app/storage/logs/.gitignore': '*\n!.gitignore\n' })
      project.git('add', 'app')
      project.git('commit', '-q', '-m', 'first')
      const build = 'mkdir app/dist && cp app/version app/dist/built'
      project.configure({ source: { git: '.' }, build, root: 'app', shared: { dirs: ['storage'] } })
      writeFiles(project.on(1), { 'shared/storage/mine': 'mine\n' })
      const dry = await project.run('deploy --dry-run --build')
      expect(dry.stdout).toContain('; what git has of storage → shared/, where it is empty')
      expect((await project.run('deploy --json')).code).toBe(0)
      const revision = project.git('rev-parse', 'HEAD')
      for (const i of both) {
        expect(textOf(project.on(i, 'current/dist/built'))).toBe('one\n')
        expect(textOf(project.on(i, 'current/REVISION'))).toBe(revision)
      }
      expect(readdirSync(project.on(1, 'current/storage'))).toEqual(['mine'])
      expect(textOf(project.on(2, 'current/storage/logs/.gitignore'))).toBe('*\n!.gitignore\n')
    },
  )

  it('ends with 3 when the build fails, and no host is touched', async () => {
    const { project } = here
    project.configure({ build: 'echo broken by design >&2; exit 9' })
    const { code, stderr, json } = await project.run('deploy --json')
    expect(code).toBe(3)
    expect(stderr).toContain('broken by design')
    expect(json()).toMatchObject({ command: 'deploy', result: 'aborted', exitCode: 3 })
    for (const i of both) expect(contents(project.on(i))).toEqual({})
  })

  it('links shared folders and files into each release', async () => {
    const { project } = here
    project.configure({ shared: { dirs: ['uploads', 'public/media'], files: ['.env'] } })
    for (const i of both) writeFiles(project.on(i), { 'shared/.env': `HOST=${i}\n` })
    await project.deployed('one')
    const second = await project.deployed('two')
    for (const i of both) {
      expect(textOf(project.on(i, 'current/.env'))).toBe(`HOST=${i}\n`)
      const files = contents(project.on(i, 'releases', second))
      expect(files['./uploads']).toBe('link ../../shared/uploads')
      expect(files['./public/media']).toBe('link ../../../shared/public/media')
    }
  })

  exhaustively('keeps as many releases as keepReleases says, and always the one that was served before', async () => {
    const { project } = here
    project.configure({ keepReleases: 2 })
    const made: string[] = []
    for (const version of ['one', 'two', 'three', 'four']) made.push(await project.deployed(version))
    for (const i of both) expect(project.releases(i)).toEqual(made.slice(2).sort())
    project.configure({ keepReleases: 1 })
    const last = await project.deployed('five')
    for (const i of both) expect(project.releases(i)).toEqual([made[3], last].sort())
  })
})
