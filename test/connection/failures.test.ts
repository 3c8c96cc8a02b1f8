import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, connect as dial, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { LostError, TimeoutError } from '../../src/connection/errors.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import type { Host } from '../../src/inventory/host.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { exhaustively } from '../support/exhaustively.js'
import { refused } from '../support/refused.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

const FORCED = 3
const SFTP = 4
const NOLOGIN = 5
const NO_SESSIONS = 6
const OLD = 7
const ONE_SESSION = 8
const SLOW_SHELL = 9
const NOISY = 10
const CHACHA20 = 11

describe.skipIf(!sshdIsHere())('what a host can do to us', () => {
  let fleet: TestFleet

  beforeAll(async () => {
    fleet = await startFleet({ hosts: 11, sshdConfig: config })
  })
  afterAll(() => fleet.stop())

  function config(i: number): string[] {
    switch (i) {
      case FORCED:
        return ['ForceCommand echo This account is for backups only.']
      case SFTP:
        return ['ForceCommand internal-sftp']
      case NOLOGIN:
        return ['ForceCommand /usr/sbin/nologin']
      case NO_SESSIONS:
        return ['MaxSessions 0']
      case OLD:
        return ['KexAlgorithms diffie-hellman-group14-sha1']
      case ONE_SESSION:
        return ['MaxSessions 1']
      case SLOW_SHELL:
        return ['ForceCommand echo Starting up; sleep 20']
      case NOISY:
        return ['ForceCommand echo Welcome to h10; echo beware >&2; eval "$SSH_ORIGINAL_COMMAND"']
      case CHACHA20:
        return ['Ciphers chacha20-poly1305@openssh.com']
      default:
        return []
    }
  }

  const connector = () => connectSsh({ configFile: fleet.sshConfigFile, connectTimeout: 300_000, concurrency: 32 })
  const connect = (i: number, extra: Partial<Host> = {}, timeout = 300_000) =>
    connector()({ ...fleet.host(i), ...extra }, { timeout })
  const listening = async (server: Server) => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as { port: number }).port
  }
  const run = (connection: Connection, text: string, timeout = 300_000) =>
    connection.run(new Script('test', text), { timeout })

  it('nothing listens', async () => {
    await fleet.stopHost(2)
    const error = await refused(connect(2))
    await fleet.startHost(2)
    expect(error).toMatchObject({ name: 'ConnectError', kind: 'refused' })
    expect(error.message).toBe(`h2 refused the connection: nothing listens on 127.0.0.1:${fleet.port(2)}`)
    expect(error.next.at(-1)).toMatch(/^ssh -v -F .* -p \d+ \w+@h2$/)
  })

  it('its name is unknown', async () => {
    const error = await refused(connect(1, { name: 'web-1', host: 'no-such-host.invalid' }))
    expect(error).toMatchObject({ kind: 'dns' })
    expect(error.message).toMatch(/^web-1 cannot be found: the name no-such-host.invalid has no address \(\w+\)$/)
  })

  it('it takes the connection and says nothing', async () => {
    fleet.freeze(1)
    const error = await refused(connect(1, {}, 800))
    fleet.thaw(1)
    expect(error).toMatchObject({ kind: 'timeout' })
    expect(error.message).toMatch(
      new RegExp(`^h1 took the connection to 127.0.0.1:${fleet.port(1)} and then said nothing for 0.8 s$`),
    )
  })

  it('it is no ssh server', async () => {
    const server = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const port = await listening(server)
    const error = await refused(connect(1, { port }))
    server.close()
    expect(error).toMatchObject({ kind: 'lost' })
  })

  it('it hangs up twice, as sshd does on too many connections, and then lets us in', async () => {
    let connections = 0
    const server = createServer(socket => {
      connections += 1
      if (connections <= 2) return void socket.end('Exceeded MaxStartups\r\n')
      const sshd = dial(fleet.port(1), '127.0.0.1')
      socket.pipe(sshd).pipe(socket)
    })
    const port = await listening(server)
    const hostKey = execFileSync('ssh-keygen', ['-lf', fleet.hostKeyFile(1)], { encoding: 'utf8' }).split(
      ' ',
    )[1] as string
    const connection = await connect(1, { port, hostKey })
    expect(connections).toBe(3)
    expect((await run(connection, 'echo in')).stdout.toString()).toBe('in\n')
    connection.close()
    server.close()
  })

  it('it hangs up every time', async () => {
    let connections = 0
    const server = createServer(socket => {
      connections += 1
      socket.destroy()
    })
    const port = await listening(server)
    const error = await refused(connect(1, { port }))
    server.close()
    expect(connections).toBe(3)
    expect(error).toMatchObject({ kind: 'lost' })
    expect(error.message).toBe(`h1 closed the connection to 127.0.0.1:${port} before the handshake was done`)
  })

  it('it speaks only old algorithms', async () => {
    const error = await refused(connect(OLD))
    expect(error).toMatchObject({ kind: 'handshake' })
    expect(error.message).toBe('h7 and clonedeploy cannot agree on how to talk: no matching key exchange algorithm')
    expect(error.details).toEqual([
      'h7           takes  diffie-hellman-group14-sha1',
      'clonedeploy  takes  curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ' +
        'ecdh-sha2-nistp521 diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512 ' +
        'diffie-hellman-group18-sha512 diffie-hellman-group14-sha256',
    ])
  })

  it('it encrypts by ChaCha20 alone, in strict key exchange: that is as good as AES', async () => {
    const connection = await connect(CHACHA20)
    expect((await run(connection, 'echo in')).stdout.toString()).toBe('in\n')
    connection.close()
  })

  it('it runs a forced command', async () => {
    const error = await refused(connect(FORCED))
    expect(error).toMatchObject({ kind: 'shell' })
    expect(error.message).toBe('h3 let us in but runs no scripts: its own words came instead of the answer')
    expect(error.details).toEqual(['it printed  This account is for backups only.'])
    expect(error.next[0]).toContain('no forced command')
  })

  it('it allows sftp only', async () => {
    const error = await refused(connect(SFTP, {}, 3_000))
    expect(error).toMatchObject({ kind: 'shell' })
    expect(error.next[0]).toContain('no sftp-only account')
  })

  it('its account has no shell', async () => {
    const error = await refused(connect(NOLOGIN))
    expect(error).toMatchObject({ kind: 'shell', details: ['it printed  This account is currently not available.'] })
  })

  it('it allows no sessions', async () => {
    const error = await refused(connect(NO_SESSIONS))
    expect(error).toMatchObject({ kind: 'shell', message: 'h6 accepted the login and then refused to run a command' })
  })

  it('it allows one session at a time: scripts wait for each other', async () => {
    const connection = await connect(ONE_SESSION)
    const all = await Promise.all([1, 2, 3].map(n => run(connection, `echo ${n}`)))
    expect(all.map(each => each.stdout.toString())).toEqual(['1\n', '2\n', '3\n'])
    connection.close()
  })

  it('its login shell does not come up', async () => {
    const error = await refused(connect(SLOW_SHELL, {}, 1_500))
    expect(error).toMatchObject({ kind: 'shell', message: 'h9: the login shell start-up took longer than 1.5 s' })
    expect(error.details[0]).toBe('it printed  Starting up')
  })

  it('its login shell is talkative: scripts are not disturbed, and the words are kept', async () => {
    const connection = await connect(NOISY)
    const result = await run(connection, 'echo out; echo err >&2')
    expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['out\n', 'err\n'])
    expect(connection.facts.noise).toContain('Welcome to h10\n')
    connection.close()
  })

  it('it drops the connection while a script runs', async () => {
    const connection = await connect(1)
    const running = connection.run(
      new Script('test', `echo started; while [ -d '${fleet.dir}' ]; do sleep 0.2; done`),
      {
        timeout: 900_000,
        onOutput: () => fleet.dropConnections(1),
      },
    )
    const result = await running
    expect(result).toMatchObject({ code: null, signal: null })
    expect(result.stdout.toString()).toBe('started\n')
    expect(result.lost).toBeInstanceOf(LostError)
    expect(result.lost?.message).toMatch(/^the connection to h1 was lost: /)
    expect(await connection.closed).toBeInstanceOf(Error)
    const after = await run(connection, 'true')
    expect(after.code).toBe(null)
    expect(after.lost).toBeInstanceOf(LostError)
  })

  it('it drops the connection while a script waits', async () => {
    const connection = await connect(1)
    const waiting = connection.open(new Script('arm', 'echo armed; read -r word'), { timeout: 300_000 })
    expect(await waiting.line(300_000)).toBe('armed')
    fleet.dropConnections(1)
    expect(await waiting.line(300_000)).toBe(null)
    expect((await waiting.result).lost).toBeInstanceOf(LostError)
    waiting.send('into the void')
  })

  it('it drops the connection while we send', async () => {
    const connection = await connect(1)
    const script = new Script('test', 'cat >/dev/null', Buffer.alloc(300_000_000))
    let dropped = false
    const result = await connection.run(script, {
      timeout: 300_000,
      onSent: bytes => {
        if (bytes > 10_000_000 && !dropped) fleet.dropConnections(1)
        dropped ||= bytes > 10_000_000
      },
    })
    expect(result.code).toBe(null)
    expect(result.lost).toBeInstanceOf(LostError)
  })

  exhaustively('it freezes: a script is given up in its time, and the lost connection is noticed', async () => {
    const connection = await connect(2)
    fleet.freeze(2)
    expect(await run(connection, 'true', 500)).toMatchObject({ code: null, lost: expect.any(TimeoutError) })
    expect((await connection.closed)?.message).toMatch(/keepalive/i)
    fleet.thaw(2)
  })

  it('it freezes: closing does not wait for it', async () => {
    const connection = await connect(2)
    fleet.freeze(2)
    const running = run(connection, 'true')
    connection.close()
    expect(await connection.closed).toBe(null)
    expect((await running).code).toBe(null)
    fleet.thaw(2)
  })

  it('we change our mind', async () => {
    fleet.freeze(1)
    const controller = new AbortController()
    const connecting = refused(connector()(fleet.host(1), { timeout: 300_000, signal: controller.signal }))
    setTimeout(() => controller.abort(), 200)
    expect(await connecting).toMatchObject({ kind: 'aborted' })
    expect(await refused(connector()(fleet.host(1), { timeout: 300_000, signal: controller.signal }))).toMatchObject({
      kind: 'aborted',
    })
    fleet.thaw(1)
  })

  exhaustively('it freezes: a process that is done with it ends', async () => {
    const file = join(fleet.dir, 'done.ts')
    const source = (path: string) => JSON.stringify(join(import.meta.dirname, '../../src', path))
    writeFileSync(
      file,
      `import { connectSsh } from ${source('connection/ssh2/ssh2.ts')}
       import { Script } from ${source('scripts/shell/shell.ts')}
       const connect = connectSsh({ configFile: ${JSON.stringify(fleet.sshConfigFile)}, connectTimeout: 1, concurrency: 1 })
       const host = { name: 'h1', host: 'h1', roles: [], deployTo: '/', env: {} }
       connect(host, { timeout: 10000 }).then(connection => {
         connection.run(new Script('freeze', 'echo ready; sleep 9'), { timeout: 9000, onOutput: () => console.log('frozen?') })
         process.stdin.once('data', () => {
           process.stdin.destroy()
           connection.close()
         })
       })`,
    )
    const child = spawn(process.execPath, ['--import', 'jiti/register', file], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    fleet.freeze(1)
    const from = performance.now()
    child.stdin.write('close\n')
    const [code] = await once(child, 'exit')
    fleet.thaw(1)
    expect(code).toBe(0)
    expect(performance.now() - from).toBeLessThan(4_000)
  })
})
