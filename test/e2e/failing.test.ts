import { execFileSync } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents, writeFiles } from '../support/files.js'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a deploy that fails on one host', () => {
  const here = onFleet()
  const restart = 'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"'
  const restarts = (i: number) => textOf(`${here.project.root}/restarts.h${i}`)
  const configure = (config: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, ...config })
  /** All that users and hooks can see of a host. */
  const visible = () => all.map(i => ['releases', 'shared', 'current'].map(name => contents(here.project.on(i, name))))
  const onH3 = (command: string) => `[ "$CLONEDEPLOY_HOST" != h3 ] || { ${command}; }`

  /** One release that is served; then the fault is configured and the next version waits for its deploy. */
  async function served(fault: object): Promise<string> {
    configure({ shared: { dirs: ['uploads'] } })
    const release = await here.project.deployed('one')
    configure({ shared: { dirs: ['uploads'] }, ...fault })
    here.project.write({ 'app/version': 'two\n' })
    return release
  }

  it('in prepare leaves the trees of all hosts byte for byte as they were, with 3', async () => {
    const { project } = here
    const one = await served({ prepare: ['echo made >made', onH3('echo why it fails >&2; exit 9')] })
    const before = visible()
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(3)
    expect(json()).toMatchObject({ result: 'aborted', exitCode: 3, previous: one })
    expect(json().hosts.map(({ current, error }: Json) => [current, error?.phase ?? null])).toEqual([
      [one, null],
      [one, null],
      [one, 'prepare'],
    ])
    expect(stderr).toContain('why it fails')
    expect(visible()).toEqual(before)
    for (const i of all) {
      expect(restarts(i)).toBe('one\n')
      expect(contents(project.on(i, '.clonedeploy/incoming'))).toEqual({ '.': 'folder 700' })
    }
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  exhaustively('in a hook that runs once leaves all as it was, with 3', async () => {
    const { project } = here
    await served({ prepare: { run: 'exit 1', once: true } })
    const before = visible()
    expect((await project.run('deploy')).code).toBe(3)
    expect(visible()).toEqual(before)
  })

  exhaustively('in prepare by a signal is no success, with 3', async () => {
    const { project } = here
    await served({ prepare: onH3('kill -9 $$') })
    const before = visible()
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('was killed by SIGKILL')
    expect(visible()).toEqual(before)
  })

  exhaustively('when `current` becomes a folder just before the swap: nobody is swapped, with 3', async () => {
    const { project } = here
    const one = await served({
      prepare: { run: `rm "${here.project.on(3, 'current')}" && mkdir "${here.project.on(3, 'current')}"`, once: true },
    })
    const { code } = await project.run('deploy')
    expect(code).toBe(3)
    for (const i of [1, 2]) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(project.releases(i)).toEqual([one])
      expect(restarts(i)).toBe('one\n')
    }
    expect(contents(project.on(3, 'current'))).toEqual({ '.': 'folder 755' })
  })

  it.each([
    ['restart', { restart: [restart, onH3('! grep -q two version')] }],
    ['health', { health: { run: onH3('! grep -q two version'), timeout: '1s' } }],
  ])('in %s goes back everywhere and serves the old release again, with 5', async (phase, fault) => {
    const { project } = here
    const one = await served(fault)
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(5)
    const { release } = json()
    expect(json()).toMatchObject({ result: 'put-back', exitCode: 5, previous: one })
    expect(json().hosts.map(({ current, error }: Json) => [current, error?.phase ?? null])).toEqual([
      [one, null],
      [one, null],
      [one, phase],
    ])
    expect(stderr).toContain(`serve ${one} again (verified)`)
    expect(stderr).toMatch(/3\/3 hosts are back, links in [\d.]+ ms/)
    for (const i of all) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(project.releases(i)).toEqual([one, release].sort())
      expect(restarts(i)).toBe('one\ntwo\none\n')
      expect(textOf(project.on(i, '.clonedeploy/bad', release))).toMatch(/^h3: /)
    }
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: one, lock: null })
    configure()
    expect((await project.run('deploy')).code).toBe(0)
  })

  exhaustively.each([
    ['restart', { restart: onH3('exit 1') }, 5],
    ['prepare', { prepare: onH3('exit 1') }, 3],
    ['health', { health: { run: onH3('exit 1'), timeout: '1s' } }, 5],
  ])('in %s on its first deploy ever: no host has a `current` again', async (_, fault, exit) => {
    const { project } = here
    configure(fault)
    const { code, json } = await project.run('deploy --json')
    expect(code).toBe(exit)
    expect(json().hosts.map(({ current }: Json) => current)).toEqual([null, null, null])
    for (const i of all) expect(project.current(i)).toBeNull()
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'empty', lock: null })
    configure()
    expect((await project.run('deploy')).code).toBe(0)
  })

  exhaustively(
    'whose app was to be started and asked in a new way starts and asks the old one as it was deployed, with 5',
    async () => {
      const { project } = here
      const said = (how: string) => `echo "${how} $GREETING $(cat version)" >>"$AT/restarts.$CLONEDEPLOY_HOST"`
      const env = { AT: project.root }
      project.configure({
        env: { ...env, GREETING: 'hello' },
        restart: said('old'),
        health: { run: 'grep -q one version' },
      })
      const one = await project.deployed('one')
      project.configure({ env, restart: [said('new'), 'false'], health: { run: 'grep -q two version', timeout: '1s' } })
      project.write({ 'app/version': 'two\n' })
      const { code, json } = await project.run('deploy --json')
      expect(code).toBe(5)
      expect(json().hosts.map(({ current, healthy }: Json) => [current, healthy])).toEqual(all.map(() => [one, true]))
      for (const i of all)
        expect(textOf(join(project.root, `restarts.h${i}`))).toBe('old hello one\nnew  two\nold hello one\n')
      expect((await project.run('status')).code).toBe(0)
    },
  )

  it('with --no-rollback stays on the new release and says that the fleet needs a look, with 6', async () => {
    const { project } = here
    await served({ health: { run: onH3('false'), timeout: '1s' } })
    const { code, json } = await project.run('deploy --no-rollback --json')
    expect(code).toBe(6)
    const { release } = json()
    for (const i of all) expect(project.current(i)).toBe(`releases/${release}`)
    const { releases } = (await project.run('releases --json')).json()
    expect(releases.find(({ id }: Json) => id === release).bad).toMatch(/h3: .* → exit code 1/)
  })

  exhaustively('goes back to what each host served, where that was not the same', async () => {
    const { project } = here
    const one = await served({})
    const two = await project.deployed('two')
    const back = await project.run(`run --only h2 -- ln -sfn releases/${one} current`)
    expect(back.code).toBe(0)
    configure({ health: { run: onH3('! grep -q three version'), timeout: '1s' } })
    project.write({ 'app/version': 'three\n' })
    expect((await project.run('deploy')).code).toBe(5)
    expect(all.map(project.current)).toEqual([two, one, two].map(id => `releases/${id}`))
  })

  exhaustively.each([
    ['an absolute link outside releases/', (i: number) => here.project.on(i, 'elsewhere')],
    ['a relative one', () => 'elsewhere'],
    ['one with a slash at its end', () => './elsewhere/'],
  ])('puts %s back as it was, letter by letter', async (_, target) => {
    const { project, fleet } = here
    for (const i of all) {
      writeFiles(fleet.folder(i), {
        [`${project.on(i).slice(fleet.folder(i).length + 1)}/elsewhere/version`]: 'by hand\n',
      })
      writeFiles(project.on(i), { current: { link: target(i) } })
    }
    configure({ health: { run: onH3('! grep -q one version'), timeout: '1s' } })
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(5)
    expect(stderr).toContain('current points outside releases/')
    for (const i of all) expect(project.current(i)).toBe(target(i))
    for (const i of all) expect(restarts(i)).toBe('one\nby hand\n')
    expect(json().hosts[0].current).toBe(target(1))
    configure()
    expect((await project.run('deploy')).code).toBe(0)
    for (const i of all) expect(project.current(i)).toMatch(/^releases\//)
  })

  exhaustively('here, because the cached artifact was damaged, gives all locks back, with 3', async () => {
    const { project } = here
    const one = await served({ source: { git: '.', subdir: 'app' } })
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=anna', '-c', 'user.email=anna@example.org', ...args], { cwd: project.root })
    git('init', '-q')
    git('add', 'app')
    git('commit', '-qm', 'two')
    const before = visible()
    await project.run('deploy --dry-run')
    const cache = join(project.root, '.clonedeploy/cache/artifacts')
    const damaged = readdirSync(cache).filter(name => name.endsWith('.content'))
    for (const name of damaged) {
      const { size } = statSync(join(cache, name))
      writeFileSync(join(cache, name), Buffer.alloc(size, 'x'))
    }
    const { code, json } = await project.run('deploy --json')
    expect(code).toBe(3)
    expect(json()).toMatchObject({ result: 'aborted', exitCode: 3 })
    expect(visible()).toEqual(before)
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: one, lock: null })
    expect((await project.run('deploy --force')).code).toBe(0)
  })
})
