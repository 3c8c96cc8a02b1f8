import { appendFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { elf } from '../support/binaries.js'
import { exhaustively } from '../support/exhaustively.js'
import { four, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const [staging, production] = [
  [1, 2],
  [3, 4],
] as const

describe.skipIf(!sshdIsHere())('promote', () => {
  const here = onFleet({ hosts: four.length })
  const hosts = (numbers: readonly number[]) => numbers.map(i => ({ name: `h${i}`, deployTo: here.project.on(i) }))
  const configure = (more: object = {}, of: { readonly staging?: object; readonly production?: object } = {}) =>
    here.project.configure({
      hosts: undefined,
      ...more,
      stages: {
        staging: { hosts: hosts(staging), ...of.staging },
        production: { hosts: hosts(production), ...of.production },
      },
    })
  const served = (i: number) => textOf(here.project.on(i, 'current/version')).trim()
  const deployed = async (version: string) => {
    here.project.write({ 'app/version': `${version}\n` })
    const ended = await here.project.run('deploy staging --json')
    expect([ended.code, ended.stderr]).toEqual([0, expect.anything()])
    return ended.json() as { readonly release: string; readonly digest: string }
  }
  const promoted = async (more = '') => {
    const ended = await here.project.run(`promote production --from staging --json${more}`)
    return { code: ended.code, stderr: ended.stderr, said: ended.json() }
  }
  const forgetCache = () => rmSync(join(here.project.root, '.clonedeploy/cache'), { recursive: true })
  const seal = (i: number, release: string) =>
    JSON.parse(textOf(here.project.on(i, '.clonedeploy/manifests', `${release}.seal`)).split('\n')[0] as string)
  beforeEach(() => configure())

  it('gives the digest that another stage confirmed, without a build, and says where it is from', async () => {
    configure({ build: 'date +%N > stamp', source: { dir: 'app' } })
    const { project } = here
    const { release, digest } = await deployed('one')
    project.write({ 'app/version': 'two\n' })
    const dry = await project.run('promote production --from staging --dry-run')
    expect([dry.code, project.current(3)]).toEqual([0, null])
    expect(dry.stdout).toContain(`\n  promoted from staging, where it is ${release}\n`)
    expect(dry.stdout).toContain(`Run it: clonedeploy promote production --from staging --release ${release}\n`)
    const { code, stderr, said } = await promoted()
    expect([code, said]).toEqual([
      0,
      expect.objectContaining({ command: 'promote', result: 'deployed', stage: 'production', digest }),
    ])
    expect(stderr).toContain(`${release} of staging: from the local cache`)
    expect(production.map(served)).toEqual(['one', 'one'])
    expect(production.map(i => seal(i, said.release))).toEqual(
      production.map(() => expect.objectContaining({ digest, origin: { stage: 'staging', release } })),
    )
    const text = `promoted from staging, where it is ${release}`
    expect((await project.run('releases production')).stdout).toContain(text)
    expect((await project.run('status production')).stdout).toContain(`${said.release}: ${text}\n`)
    expect((await promoted()).said).toMatchObject({ command: 'promote', result: 'unchanged', digest })
    expect((await project.run('promote production --from staging')).stderr).toContain('--force promotes again.')
  })

  exhaustively(
    'takes the files from a host where nothing is kept here, and goes to no host that cannot run them',
    async () => {
      const { project } = here
      writeFileSync(join(project.root, 'app/tool.so'), elf({ machine: 183, needs: ['libc.so.6'] }))
      configure({ platform: 'ignore' })
      const { release, digest } = await deployed('one')
      forgetCache()
      configure({}, { staging: { platform: 'ignore' } })
      const refused = await promoted()
      expect([refused.code, refused.said.error.changed]).toEqual([3, 'nothing'])
      expect(refused.stderr).toContain('cannot run tool.so, which is built for Linux aarch64 with glibc')
      forgetCache()
      configure({ platform: 'ignore' })
      const { code, stderr, said } = await promoted()
      expect([code, said.digest]).toEqual([0, digest])
      expect(stderr).toContain(`${release} of staging: from h1`)
      expect(production.map(served)).toEqual(['one', 'one'])
    },
  )

  exhaustively('takes the files from the store, unless what lies there is something else', async () => {
    const { project } = here
    configure({ store: { dir: 'kept' } })
    const { release, digest } = await deployed('one')
    forgetCache()
    const dry = await project.run('promote production --from staging --dry-run')
    expect([dry.code, dry.stderr]).toEqual([
      0,
      expect.stringContaining(`${release} of staging: from ${project.root}/kept`),
    ])
    forgetCache()
    const copies = join(project.root, 'kept/shop/artifacts', digest.replace('sha256:', ''))
    const [copy = ''] = readdirSync(copies)
    writeFileSync(join(copies, copy, 'payload'), 'no archive')
    const { code, stderr, said } = await promoted()
    expect([code, said.digest]).toEqual([0, digest])
    expect(stderr).toContain('kept gives nothing of it: ')
    expect(stderr).toContain(`${release} of staging: from h1`)
    expect(production.map(served)).toEqual(['one', 'one'])
  })

  exhaustively('takes nothing from a cache or a host whose files were changed', async () => {
    const { project } = here
    const { release, digest } = await deployed('one')
    const artifacts = join(project.root, '.clonedeploy/cache/artifacts')
    for (const name of readdirSync(artifacts).filter(one => one.endsWith('.content'))) {
      const { size } = statSync(join(artifacts, name))
      writeFileSync(join(artifacts, name), Buffer.alloc(size, 'x'))
    }
    const { stderr, said } = await promoted()
    expect([stderr, said.digest]).toEqual([expect.stringContaining(`${release} of staging: from h1`), digest])
    appendFileSync(project.on(1, 'releases', release, 'version'), 'drift')
    const drifted = await promoted(' --force')
    expect([drifted.code, drifted.said.details]).toEqual([3, [`h1  holds a copy of ${release} that was changed there`]])
  })

  exhaustively('gives an earlier release by its name, and needs no repository', async () => {
    const { project } = here
    project.git('init', '-q')
    configure({ source: { git: '.', subdir: 'app' } })
    const committed = (version: string) => {
      project.write({ 'app/version': `${version}\n` })
      project.git('add', 'app')
      project.git('commit', '-qm', version)
      return deployed(version)
    }
    const first = await committed('one')
    const second = await committed('two')
    expect((await promoted(` --release ${first.release}`)).said).toMatchObject({ exitCode: 0, digest: first.digest })
    expect(production.map(served)).toEqual(['one', 'one'])
    const commit = project.git('rev-parse', 'HEAD').trim()
    rmSync(join(project.root, '.git'), { recursive: true })
    expect((await project.run('promote production --from staging --dry-run --json')).json()).toMatchObject({
      command: 'promote',
      exitCode: 0,
      commits: null,
      origin: { stage: 'staging', release: second.release },
    })
    expect((await promoted()).said).toMatchObject({ exitCode: 0, digest: second.digest })
    expect(production.map(served)).toEqual(['two', 'two'])
    expect(production.map(i => textOf(project.on(i, 'current/REVISION')).trim())).toEqual([commit, commit])
  })

  it('is refused where the other stage has not confirmed it on all hosts, and nothing is changed', async () => {
    const { project } = here
    const empty = await promoted()
    expect([empty.code, empty.said.details]).toEqual([3, ['its hosts have confirmed no release']])
    const one = await deployed('one')
    const two = await deployed('two')
    const unknown = '20200101-000000-abcdef0'
    expect((await promoted(` --release ${unknown}`)).said).toMatchObject({
      exitCode: 3,
      error: { code: 'preflight', changed: 'nothing' },
      reason: `staging has not confirmed ${unknown} on all of its hosts. Nothing was changed.`,
      details: staging.map(i => `h${i}  does not hold ${unknown}`),
    })
    rmSync(project.on(2, 'current'))
    symlinkSync(`releases/${one.release}`, project.on(2, 'current'))
    expect((await promoted()).said).toMatchObject({ exitCode: 3, details: [`h2  serves ${one.release}`] })
    rmSync(project.on(2, 'current'))
    symlinkSync(`releases/${two.release}`, project.on(2, 'current'))
    const away = [...hosts([1]), { ...hosts([2])[0], port: 1 }]
    configure({}, { staging: { hosts: away } })
    const silent = await promoted()
    expect([silent.code, silent.said.details]).toEqual([3, [expect.stringMatching(/^h2 {2}could not be read: /)]])
    configure({}, { production: { shared: { files: ['server.js'] } } })
    expect((await promoted()).said).toMatchObject({
      exitCode: 3,
      reason: expect.stringContaining('production shares what the release of staging has files at: server.js.'),
    })
    configure()
    for (const [words, text] of [
      ['promote production', 'promote needs --from STAGE'],
      ['promote production --from production', '--from production is the stage that is promoted to.'],
      ['promote production --from stagin', 'staging'],
    ] as const) {
      const { code, stderr } = await project.run(words)
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)])
    }
    expect(production.flatMap(i => project.releases(i))).toEqual([])
  })

  exhaustively('is refused while a dead run leaves the other stage in doubt', async () => {
    const { project } = here
    await deployed('one')
    configure({ health: { run: 'test ! -e slow || sleep 60', timeout: '90s' } })
    project.write({ 'app/slow': '' })
    const before = project.current(1)
    const dying = project.start('deploy staging')
    await dying.until('health')
    await vi.waitFor(() => expect(staging.map(project.current)).not.toContain(before), {
      timeout: 60_000,
      interval: 20,
    })
    dying.child.kill('SIGKILL')
    await dying.ended
    const { code, said } = await promoted()
    const text = 'was swapped by a run that was neither confirmed nor put back'
    expect([code, said.details]).toEqual([3, staging.map(i => `h${i}  ${text}`)])
    expect(production.flatMap(i => project.releases(i))).toEqual([])
    await project.run('repair staging')
  })
})
