import { existsSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents, writeFiles } from '../support/files.js'
import { freePort } from '../support/ports.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { onServices } from './services.js'

/** An app that reads its version once; `bad` does not start on h1, and listens elsewhere on the others. */
const server = `import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const version = readFileSync('version', 'utf8').trim()
console.log('version ' + version + ', token ' + process.env.TOKEN)
const bad = version === 'bad'
if (bad && process.env.CLONEDEPLOY_HOST === 'h1') throw new Error("Cannot find module './routes/cart.js'")
createServer((_, response) => response.setHeader('x-release', process.env.CLONEDEPLOY_RELEASE).end(version)).listen(
  bad ? 0 : Number(process.env.PORT), '127.0.0.1', () => console.log('up ' + process.pid))
`

describe.skipIf(!sshdIsHere())('services', () => {
  const here = onServices(2)
  const both = [1, 2] as const
  const secret = 'hunter2-s3cr3t'

  /** The app on its hosts, under systemd. */
  async function serving(config: object = {}, same?: readonly number[]): Promise<readonly number[]> {
    const ports = same ?? (await Promise.all(both.map(freePort)))
    const health = { url: 'http://127.0.0.1:$PORT/', release: { header: 'x-release' }, timeout: '20s' }
    here.project.write({ 'app/server.mjs': server })
    here.project.configure({ restart: { systemd: 'shop' }, health, ...config }, i => ({
      env: { PORT: ports[i - 1] ?? 0 },
    }))
    return ports
  }

  it('of systemd are asked for, restarted by sudo, and their release is told by status', async () => {
    const { project } = here
    await serving({ restart: { systemd: 'shop@{1,2}', reload: true } })
    const one = await project.deployed('one')
    for (const i of both)
      expect(here.calls(i)).toEqual([
        'sudo -n -l systemctl reload-or-restart shop@1 shop@2',
        'systemctl cat shop@1',
        'systemctl cat shop@2',
        'sudo -n systemctl reload-or-restart shop@1 shop@2',
        'systemctl reload-or-restart shop@1 shop@2',
      ])
    const { code, json } = await project.run('status --json')
    expect(code).toBe(0)
    expect(json().hosts.map(({ served, processes }: Json) => [served, processes])).toEqual([
      [one, []],
      [one, []],
    ])
    const told = await project.run('status')
    expect(told.stdout).toMatch(/h1 +\S+ +the same/)
  })

  it('that do not start, or listen elsewhere, are told with what the app said last, without secrets, and all go back, with 5', async () => {
    const { project } = here
    const env = { TOKEN: secret }
    const ports = await serving({ secrets: { TOKEN: { env: 'TOKEN' } } })
    expect((await project.run('deploy', { env })).code).toBe(0)
    await serving({ secrets: { TOKEN: { env: 'TOKEN' } }, health: { tcp: '127.0.0.1:$PORT', timeout: '2s' } }, ports)
    const old = project.current(1)
    project.write({ 'app/version': 'bad\n' })
    const { code, stdout, stderr, json } = await project.run('deploy --json', { env })
    expect(code).toBe(5)
    expect(stderr).toMatch(/connect to 127\.0\.0\.1:\d+ → connection refused, \d tr(y|ies) in \ds: /)
    expect(stderr).toMatch(new RegExp(`h2 listens on 127\\.0\\.0\\.1:\\d+, not ${ports[1]}\n`))
    expect(stderr).toMatch(/h1 \| Error: Cannot find module '\.\/routes\/cart\.js'/)
    expect(stderr).toMatch(/\(last \d+ lines of: journalctl -u shop\)/)
    expect(stderr).toMatch(/look: +clonedeploy logs h1\n/)
    expect(json().hosts[1].error.log).toMatchObject({
      source: 'journalctl -u shop',
      lines: expect.arrayContaining(['version bad, token [redacted]']),
    })
    expect(stdout + stderr).not.toContain(secret)
    for (const i of both) expect(project.current(i)).toBe(old)
  })

  exhaustively('whose old process goes on fail the deploy, and all hosts go back, with 5; or it is told', async () => {
    const { project } = here
    const health = { run: 'true', timeout: '5s' }
    const ports = await serving()
    const one = await project.deployed('one')
    const pid = textOf(project.on(2, 'pid')).trim()
    here.turn(2, 'stuck')
    await serving({ health }, ports)
    project.write({ 'app/version': 'two\n' })
    const failed = await project.run('deploy --json')
    expect(failed.code).toBe(5)
    expect(failed.json().hosts.map(({ current, error }: Json) => [current, error?.step, error?.message])).toEqual([
      [one, undefined, undefined],
      [one, 'processes', `still runs ${one}: node (pid ${pid})`],
    ])

    await serving({ health, oldProcesses: 'warn' }, ports)
    project.write({ 'app/version': 'three\n' })
    const warned = await project.run('deploy --json')
    expect(warned.code).toBe(0)
    expect(warned.json().warnings).toEqual([`h2: still runs ${one}: node (pid ${pid})`])
    const told = await project.run('status')
    expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining(`h2: still runs ${one}: node (pid ${pid})`) })

    await serving({ health }, ports)
    const found = await project.run('status --json')
    expect(found.code).toBe(6)
    expect(found.json().hosts.map(({ verdict }: Json) => verdict)).toEqual(['consistent', 'old process'])
  })

  it('that may not be restarted, or are not known, stop a deploy before anything is changed, with 3', async () => {
    const { project } = here
    await serving()
    here.turn(1, 'denied')
    here.turn(2, 'unknown')
    const { code, stdout } = await project.run('check')
    expect(code).toBe(3)
    expect(stdout).toContain(
      'sudo does not let deploy run `systemctl restart shop` without a password (sudo: a password is required)',
    )
    expect(stdout).toMatch(
      /sudo visudo -f \S+ +\(on h1\) and add: +deploy ALL=\(root\) NOPASSWD: \/\S+\/systemctl restart shop\n/,
    )
    expect(stdout).toContain('systemd does not know the unit shop (No files found for shop.service.)')
    expect(stdout).toContain('/etc/systemd/system/shop.service')
    expect((await project.run('deploy')).code).toBe(3)
    for (const i of both) expect(existsSync(project.on(i))).toBe(false)
  })

  exhaustively('that sudo does not answer for in time are told as that', async () => {
    const { project } = here
    await serving()
    here.turn(1, 'slow')
    const { code, stdout } = await project.run('check')
    expect(code).toBe(3)
    expect(stdout).toContain('sudo or systemd did not say within 20 s whether `systemctl restart shop` can be run')
    expect(stdout).toMatch(/time sudo -n -l systemctl restart shop +\(on h1\)/)
    expect(stdout).not.toContain('did not end')
  })

  it('of pm2 are reloaded from their file in deployTo, which must be there', async () => {
    const { project } = here
    project.configure({ restart: { pm2: 'shared/ecosystem.config.cjs', roles: ['web'] } }, i => ({
      roles: i === 1 ? ['web'] : [],
    }))
    const missing = await project.run('deploy')
    expect(missing).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('/shared/ecosystem.config.cjs does not exist'),
    })
    writeFiles(project.on(1), { 'shared/ecosystem.config.cjs': '' })
    await project.deployed('one')
    expect(here.calls(1)).toEqual(['pm2 startOrReload ./shared/ecosystem.config.cjs --update-env', project.on(1)])
    expect(here.calls(2)).toEqual([])
  })

  exhaustively(
    'that wait for a touch get a new file; the release before and the manifest stay as they are',
    async () => {
      const { project } = here
      project.configure({ restart: [{ touch: 'tmp/restart.txt' }, { touch: 'made/with/it' }] })
      project.write({ 'app/tmp/restart.txt': 'touch me\n' })
      const one = await project.deployed('one')
      const touched = (i: number, id: string) =>
        ['tmp/restart.txt', 'made/with/it'].map(name => statSync(project.on(i, 'releases', id, name)))
      const before = both.map(i => touched(i, one))
      const written = both.map(i => contents(project.on(i, 'releases', one)))
      const two = await project.deployed('two')
      for (const i of both) {
        expect(contents(project.on(i, 'releases', one))).toEqual(written[i - 1])
        for (const [n, { ino, mtimeMs }] of touched(i, one).entries()) {
          expect([ino, mtimeMs]).toEqual([before[i - 1]?.[n]?.ino, before[i - 1]?.[n]?.mtimeMs])
          expect(touched(i, two)[n]?.mtimeMs).toBeGreaterThan(mtimeMs)
        }
      }
      expect((await project.run('status --verify')).code).toBe(0)
      expect((await project.run('rollback --yes')).code).toBe(0)
    },
  )

  it('have logs: the last lines of each host, of the hosts and the release that are asked for', async () => {
    const { project } = here
    project.write({ 'app/app.log': 'first\n' })
    project.configure({ logs: { file: 'current/app.log' } })
    const one = await project.deployed('one')
    project.write({ 'app/app.log': 'x\nsecond\n\u001b[31mthird\n' })
    await project.deployed('two')
    expect(await project.run('logs -n 2')).toMatchObject({
      code: 0,
      stdout: 'h1 | second\nh1 | \\x1b[31mthird\nh2 | second\nh2 | \\x1b[31mthird\n',
    })
    expect((await project.run(`logs h2 --release ${one}`)).stdout).toBe('h2 | first\n')
    expect((await project.run('logs h2 --json --lines 1')).json()).toEqual({
      ...{ v: 1, command: 'logs', result: 'done', exitCode: 0, app: 'shop', stage: 'production' },
      hosts: [{ name: 'h2', source: 'current/app.log', lines: ['\\x1b[31mthird'], error: null }],
    })
    project.configure({ logs: { file: 'shared/nope.log' } })
    const missing = await project.run('logs h1')
    expect(missing).toMatchObject({ code: 6, stderr: '✖ h1   shared/nope.log does not exist\n' })
    project.configure({})
    expect((await project.run('logs')).code).toBe(2)
  })
})
