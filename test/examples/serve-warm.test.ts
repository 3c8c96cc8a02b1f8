import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/ports.js'

const app = join(import.meta.dirname, '../../examples/express-redis-haproxy/app')

/** Answers with its release, as `server.js` of the example does with Express. */
const server = `import { createServer } from 'node:http'
import { basename } from 'node:path'
const server = createServer((_request, response) => response.setHeader('connection', 'close').end(basename(import.meta.dirname)))
process.on('message', (what, socket) => {
  if (what === 'are you well?') process.send('well')
  else if (what === 'retire') process.exit()
  else if (socket) server.emit('connection', socket) && socket.resume()
})
process.on('disconnect', () => process.exit())
process.send('ready')
`

describe('serve.sh of the example', () => {
  let root: string
  let port: number
  const on = (...path: readonly string[]) => join(root, ...path)
  const pid = () => Number(readFileSync(on('shared/pid'), 'utf8'))
  const answered = async () => (await fetch(`http://127.0.0.1:${port}`)).text()
  /** Sourced, as `switch` is. */
  const begin = (what: string, release: string, path = process.env.PATH) =>
    spawn('/bin/sh', ['-c', 'set -- "$WHAT"; . bin/serve.sh'], {
      cwd: on('releases', release),
      env: { PATH: path, WHAT: what, CLONEDEPLOY_RELEASE: release },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const end = async (child: ChildProcess) => {
    let said = ''
    child.stderr?.on('data', text => {
      said += text
    })
    const [code] = await once(child, 'close')
    return { code, said }
  }
  const serve = async (what: string, release: string) =>
    expect(await end(begin(what, release))).toMatchObject({ code: 0 })

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'clonedeploy-serve-'))
    port = await freePort()
    mkdirSync(on('shared'))
    writeFileSync(on('shared/app.env'), `PORT=${port}\nWORKERS=1\n`)
    for (const release of ['a', 'b']) {
      cpSync(join(app, 'bin'), on('releases', release, 'bin'), { recursive: true })
      cpSync(join(app, 'serve.js'), on('releases', release, 'serve.js'))
      writeFileSync(on('releases', release, 'package.json'), '{"type":"module"}')
      writeFileSync(on('releases', release, 'server.js'), server)
    }
    await serve('warm', 'a')
    await serve('switch', 'a')
  })
  afterEach(() => {
    try {
      process.kill(pid())
    } catch {}
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  })

  it('starts no program from the word until serve.js has given the traffic', async () => {
    await serve('warm', 'b')
    await serve('ready', 'b')
    expect(await answered()).toBe('a')
    process.kill(pid(), 'SIGSTOP')
    // No program is found there: one that were started would be told on stderr.
    const switching = end(begin('switch', 'b', on('shared')))
    await Promise.race([switching, sleep(300)])
    process.kill(pid(), 'SIGCONT')
    expect(await switching).toEqual({ code: 0, said: '' })
    expect(await answered()).toBe('b')
  })

  it('does as it is told again, and takes no answer for its own that another order got', async () => {
    process.kill(pid(), 'SIGSTOP')
    const given = begin('switch', 'b')
    await sleep(100)
    given.kill('SIGKILL')
    await once(given, 'close')
    process.kill(pid(), 'SIGCONT')
    await serve('switch', 'b')
    await serve('cool', 'b')
    expect(await end(begin('ready', 'a'))).toEqual({ code: 1, said: expect.stringContaining('a does not run') })
    expect(await answered()).toBe('b')
  })

  it('fails when serve.js ends while it waits', async () => {
    process.kill(pid(), 'SIGSTOP')
    const waiting = end(begin('ready', 'b'))
    await Promise.race([waiting, sleep(300)])
    process.kill(pid(), 'SIGKILL')
    expect(await waiting).toMatchObject({ code: 1, said: expect.stringContaining('serve.js') })
  })
})
