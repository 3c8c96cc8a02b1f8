import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { both, onFleet } from '../support/on-fleet.js'
import { freePort } from '../support/ports.js'
import { signal } from '../support/processes.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('a signal', () => {
  const here = onFleet({ hosts: both.length })
  const restart = 'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"'
  const hold = 'echo $$ >"$AT/held.$CLONEDEPLOY_HOST"; sleep 30'
  const configure = (config: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, ...config })
  /** What the hosts have heard from us: a line of sshd's own about its start may come at any time. */
  const logins = () => both.map(i => here.fleet.log(i).match(/Accepted /g)?.length ?? 0)
  /** Until that hook runs on every host. */
  const held = () =>
    vi.waitFor(
      () => {
        for (const i of both) expect(textOf(join(here.project.root, `held.h${i}`))).toMatch(/\d\n/)
      },
      { timeout: 300_000, interval: 20 },
    )

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 130],
  ] as const)('%s before any host was contacted ends with %i', async (signal, code) => {
    const { project } = here
    configure({ build: `echo building; exec sleep 30` })
    const before = logins()
    const running = project.start('deploy --dry-run --offline --build')
    await running.until('building')
    running.child.kill(signal)
    const ended = await running.ended
    expect(ended.code).toBe(code)
    expect(logins()).toEqual(before)
  })

  it('before the configuration is read contacts nobody', async () => {
    const { project } = here
    const before = logins()
    writeFileSync(
      join(project.root, 'deploy.config.mjs'),
      `process.stderr.write('reading\\n'); await new Promise(r => setTimeout(r, 1500))
       export default ${textOf(join(project.root, 'deploy.config.json'))}`,
    )
    const running = project.start('deploy -c deploy.config.mjs')
    await running.until('reading')
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(143)
    expect(logins()).toEqual(before)
  })

  it('while one host does not answer ends at once, with 3', async () => {
    const { project, fleet } = here
    project.configure({ ssh: { configFile: fleet.sshConfigFile, connectTimeout: '50s' } })
    fleet.freeze(2)
    try {
      const running = project.start('deploy')
      await running.until('check')
      running.child.kill('SIGINT')
      expect((await running.ended).code).toBe(3)
    } finally {
      fleet.thaw(2)
    }
    for (const i of both) expect(project.current(i)).toBeNull()
  })

  it.each([
    'SIGTERM',
    ...exhaustive(['SIGINT', 'SIGHUP'] as const),
  ] as const)('%s while the release is prepared removes it everywhere, with 3', async signal => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    configure({ prepare: hold })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json')
    await held()
    running.child.kill(signal)
    const { code, json, stderr } = await running.ended
    expect(code).toBe(3)
    expect(json()).toMatchObject({ result: 'aborted', exitCode: 3 })
    expect(stderr).toContain(`${signal}: stopping.`)
    for (const i of both) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(project.releases(i)).toEqual([one])
      expect(textOf(join(project.root, `restarts.h${i}`))).toBe('one\n')
    }
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  it.each([
    ...exhaustive([['restart', { restart: [restart, `grep -q one version || { ${hold}; }`] }] as const]),
    ['health', { health: { run: `grep -q one version || { ${hold}; }`, tryTimeout: '40s', timeout: '60s' } }],
  ] as const)('during %s puts all hosts back and serves the old release again, with 5', async (phase, config) => {
    const { project } = here
    configure()
    const one = await project.deployed('one')
    configure(config)
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json')
    await held()
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('two\n')
    running.child.kill('SIGINT')
    const { code, json, stderr } = await running.ended
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'put-back', exitCode: 5, previous: one })
    expect(stderr).toContain(`✖ Stopped by Ctrl-C during ${phase}. Both hosts serve ${one} again (verified).`)
    expect(stderr).not.toContain('we closed it')
    for (const i of both) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(textOf(join(project.root, `restarts.h${i}`))).toBe('one\ntwo\none\n')
    }
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })

  exhaustively.each(['SIGINT', '--timeout'])(
    '(%s) during health waits on the way back for apps that listen a second after their restart returned, with 5',
    async how => {
      const { project } = here
      const ports = await Promise.all(both.map(freePort))
      const sick = 'two'
      // Longer than the time budget, so that the stop ends it on a fast machine, too.
      const health = { url: 'http://127.0.0.1:$PORT/', release: 'body', timeout: '5m' }
      const apps = () => both.map(i => Number(textOf(join(project.root, `pid.h${i}`)))).filter(pid => pid > 1)
      project.configure({ env: { AT: project.root }, restart: slowStart, health }, i => ({
        env: { PORT: ports[i - 1] },
      }))
      project.write({ 'app/serve.mjs': slowApp(sick) })
      onTestFinished(() => signal(apps(), 'SIGKILL'))
      const one = await project.deployed('one')
      project.write({ 'app/version': `${sick}\n` })
      const running = project.start(`deploy --json${how === 'SIGINT' ? '' : ' --timeout 30s'}`)
      await running.until('health')
      if (how === 'SIGINT') running.child.kill(how)
      const { code, json, stderr } = await running.ended
      expect([code, stderr]).toEqual([
        5,
        expect.stringMatching(/SIGINT: stopping|the time budget \(--timeout 30s\) is over/),
      ])
      expect(json().hosts.map(({ current, healthy }: Json) => [current, healthy])).toEqual(both.map(() => [one, true]))
    },
  )

  it('that comes a second time ends at once, with 6, and the stream says so', async () => {
    const { project } = here
    configure()
    await project.deployed('one')
    configure({ restart: [hold] })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --output jsonl')
    await held()
    running.child.kill('SIGINT')
    await running.until('stopping')
    // The way back waits for the same restart.
    running.child.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(6)
    expect(stderr).toContain('✖ Stopped at once. Hosts that swapped put themselves back')
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'run.end',
      outcome: { command: 'deploy', result: 'mixed', exitCode: 6, next: ['look: clonedeploy status'] },
    })
  })

  exhaustively('that comes twice in a dry run ends with what is true: nothing was changed', async () => {
    const { project, fleet } = here
    project.configure({ ssh: { configFile: fleet.sshConfigFile, connectTimeout: '50s' } })
    fleet.freeze(2)
    try {
      const running = project.start('deploy --dry-run --json')
      await running.until('check')
      running.child.kill('SIGINT')
      running.child.kill('SIGTERM')
      const { code, json } = await running.ended
      expect(code).toBe(3)
      expect(json()).toMatchObject({ command: 'deploy', result: 'aborted', exitCode: 3 })
    } finally {
      fleet.thaw(2)
    }
  })

  it('that is a closed pipe does not stop a deploy', async () => {
    const { project } = here
    configure()
    const running = project.start('deploy --verbose --output jsonl')
    running.child.stdout?.destroy()
    running.child.stderr?.destroy()
    expect((await running.ended).code).toBe(0)
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('one\n')
  })

  exhaustively.each([
    ['prepare', { prepare: hold }, 3],
    ['restart', { restart: [restart, `grep -q one version || { ${hold}; }`] }, 5],
  ])('during %s ends the hook that is still running on the hosts', async (_, config, wanted) => {
    const { project } = here
    configure()
    await project.deployed('one')
    configure(config)
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy')
    await held()
    const hooks = both.map(i => Number(textOf(join(project.root, `held.h${i}`))))
    for (const pid of hooks) expect(isAlive(pid)).toBe(true)
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(wanted)
    expect(hooks.filter(isAlive)).toEqual([])
  })
})

/** Its command comes back at once; that it serves comes later. */
const slowStart =
  'kill "$(cat "$AT/pid.$CLONEDEPLOY_HOST")" 2>/dev/null; (sleep 1; exec node serve.mjs) </dev/null >/dev/null 2>&1 & echo $! >"$AT/pid.$CLONEDEPLOY_HOST"'

function slowApp(sick: string): string {
  return `import { readFileSync } from 'node:fs'
    import { createServer } from 'node:http'
    const status = readFileSync('version', 'utf8').trim() === ${JSON.stringify(sick)} ? 500 : 200
    createServer((_, response) => response.writeHead(status).end(process.env.CLONEDEPLOY_RELEASE)).listen(process.env.PORT, '127.0.0.1')
`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
