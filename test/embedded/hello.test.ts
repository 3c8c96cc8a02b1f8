import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stopEmbeddedApps, stopScript } from '../../src/embedded/stop-apps.js'
import { freePort } from '../support/ports.js'
import { busybox } from '../support/scripts.js'

let fleet: string
let root: string
let port: number

beforeEach(async () => {
  fleet = realpathSync(mkdtempSync(join(tmpdir(), 'hello fleet ')))
  writeFileSync(join(fleet, 'stop'), stopScript)
  root = join(fleet, 'web-1/hello')
  port = await freePort()
  for (const [id, message] of [
    ['1', 'one'],
    ['2', 'two'],
    ['3', 'write to {CONTACT}'],
  ] as const) {
    cpSync('examples/hello', join(root, 'releases', id), { recursive: true })
    writeFileSync(join(root, 'releases', id, 'message.txt'), message)
    mkdirSync(join(root, 'shared/config'), { recursive: true })
    symlinkSync('../../shared/config', join(root, 'releases', id, 'config'))
  }
})

afterEach(async () => {
  await stopEmbeddedApps(fleet)
  rmSync(fleet, { recursive: true })
})

describe.each([
  ['dash', ['dash']],
  ['busybox sh', [busybox, 'sh']],
  ['bash', ['bash']],
])('bin/restart.sh under %s', (_, shell) => {
  it('starts the app, and changes it for the next release', async () => {
    expect(restart('1', shell)).toEqual({ code: 0, output: '' })
    const first = pid()
    expect(await get('/healthz')).toEqual([200, '1\n'])
    expect(restart('2', shell)).toEqual({ code: 0, output: '' })
    expect(await get('/healthz')).toEqual([200, '2\n'])
    expect(isAlive(first)).toBe(false)
    expect(restart('1', shell)).toEqual({ code: 0, output: '' })
    expect((await get('/'))[1]).toContain('<h1>one</h1>')
  })

  it('takes the release behind `current`, wherever it is called from', async () => {
    symlinkSync('releases/2', join(root, 'current'))
    const { status } = run([...shell, join(root, 'current/bin/restart.sh')], '/')
    expect([status, ...(await get('/healthz'))]).toEqual([0, 200, '2\n'])
    expect(readFileSync(`/proc/${pid()}/cmdline`, 'utf8')).toContain(`${root}/releases/2/server.js`)
  })

  it('fails with the last words of an app that does not start', () => {
    writeFileSync(join(root, 'releases/2/server.js'), 'throw new Error("no route")')
    const { code, output } = restart('2', shell)
    expect(code).toBe(1)
    expect(output).toContain('the app ended while it started\n')
    expect(output).toContain('Error: no route\n')
  })

  it('does not touch a stranger that has got the number in an old pid file', async () => {
    const stranger = spawn('sleep', ['60'])
    writeFileSync(join(root, 'shared/app.pid'), `${stranger.pid}\n`)
    expect(restart('1', shell)).toEqual({ code: 0, output: '' })
    expect(stranger.exitCode).toBe(null)
    expect(stranger.signalCode).toBe(null)
    await ended(stranger)
  })

  it('leaves the app nothing of the session that started it', async () => {
    const child = spawn('sh', ['-c', 'exec 3>&1; exec "$@"', 'sh', ...shell, 'bin/restart.sh'], {
      cwd: join(root, 'releases/1'),
      env: env(),
      detached: true,
    })
    const outputs = new Promise(resolve => child.once('close', resolve))
    child.stdout.resume()
    child.stderr.resume()
    expect(await outputs).toBe(0)
    expect(readFileSync(`/proc/${pid()}/stat`, 'utf8').split(' ')[5]).toBe(String(pid()))
  })
})

describe('the app', () => {
  it('answers 500 where a setting is missing, and says which one on which host', async () => {
    restart('3', ['sh'])
    const answer = [500, 'message.txt needs CONTACT; config/app.env on web-1 lacks it\n']
    expect([await get('/'), await get('/healthz')]).toEqual([answer, answer])
  })

  it('fills in settings, as text', async () => {
    writeFileSync(join(root, 'shared/config/app.env'), 'CONTACT="<ann> $& co"\n')
    restart('3', ['sh'])
    expect((await get('/'))[1]).toContain('<h1>write to &#60;ann&#62; $&#38; co</h1>')
    expect(await get('/healthz')).toEqual([200, '3\n'])
  })

  it('is killed by the next restart when it does not stop as it is asked to', () => {
    const deaf = "process.on('SIGTERM', () => {})\nprocess.on = () => process\n"
    const file = join(root, 'releases/1/server.js')
    writeFileSync(file, readFileSync(file, 'utf8').replace('const folder', `${deaf}const folder`))
    expect(restart('1', ['sh']).code).toBe(0)
    const first = pid()
    expect(restart('2', ['sh'])).toEqual({ code: 0, output: '' })
    expect(isAlive(first)).toBe(false)
  })

  it('knows no other page', async () => {
    restart('1', ['sh'])
    expect(await get('/server.js')).toEqual([404, 'not found\n'])
  })
})

describe('stopEmbeddedApps', () => {
  it('stops the apps of the fleet, says so, and finds nothing the second time', async () => {
    restart('1', ['sh'])
    const app = pid()
    expect(await stopEmbeddedApps(fleet)).toEqual([`web-1: stopped process ${app}`])
    expect(isAlive(app)).toBe(false)
    expect(await stopEmbeddedApps(fleet)).toEqual([])
  })

  it('leaves alone a process that was not started from the fleet', async () => {
    const stranger = spawn('sleep', ['60'])
    writeFileSync(join(root, 'shared/app.pid'), `${stranger.pid}\n`)
    expect(await stopEmbeddedApps(fleet)).toEqual([])
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null)
    await ended(stranger)
  })

  it('has nothing to do where no fleet ever was', async () => {
    expect(await stopEmbeddedApps(join(fleet, 'nowhere'))).toEqual([])
  })
})

function restart(id: string, shell: readonly string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = run([...shell, 'bin/restart.sh'], join(root, 'releases', id))
  return { code: status, output: `${stdout}${stderr}` }
}

function run([command = '', ...args]: readonly string[], cwd: string) {
  return spawnSync(command, args, { cwd, env: env(), encoding: 'utf8' })
}

function env(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, APP_PORT: String(port), CLONEDEPLOY_EMBEDDED_HOST: 'web-1' }
}

async function get(path: string): Promise<readonly [number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return [response.status, await response.text()]
}

function pid(): number {
  return Number(readFileSync(join(root, 'shared/app.pid'), 'utf8'))
}

/** A process that ended may stay listed until its parent asks for it: it has no command line any more. */
function isAlive(id: number): boolean {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

function ended(child: ChildProcess): Promise<unknown> {
  const end = new Promise(resolve => child.once('exit', resolve))
  child.kill()
  return end
}
