import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey } from '../../src/connection/ssh2/key-types.js'
import { readAppPorts } from '../../src/embedded/apps.js'
import { type EmbeddedFleet, embeddedHosts, startEmbeddedHosts } from '../../src/embedded/hosts.js'
import type { EmbeddedHost } from '../../src/embedded/ssh-files.js'
import type { Host } from '../../src/inventory/host.js'

const { Client, utils } = ssh2

const dir = mkdtempSync(join(tmpdir(), 'embedded 100% '))
let fleet: EmbeddedFleet
beforeAll(async () => {
  fleet = await startEmbeddedHosts({ count: 2, dir })
})
afterAll(async () => {
  await fleet.close()
  rmSync(dir, { recursive: true, force: true })
})

describe('a command by the ssh of this machine', () => {
  it.each([
    ['prints', 'echo hi', { code: 0, stdout: 'hi\n', stderr: '' }],
    ['ends with its exit code', 'exit 7', { code: 7, stdout: '', stderr: '' }],
    ['keeps the two outputs apart', 'echo out; echo err >&2', { code: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['is killed by a signal', 'kill -9 $$', { code: 255, stdout: '', stderr: '' }],
    ['is not found', 'no-such-command', { code: 127, stdout: '', stderr: 'sh: 1: no-such-command: not found\n' }],
  ])('that %s is answered as sshd would', async (_, command, expected) => {
    const { code, stdout, stderr } = await ssh(['web-1', command])
    expect({ code, stdout: stdout.toString(), stderr: stderr.replace(/^.*: 1: no/, 'sh: 1: no') }).toEqual(expected)
  })

  it('begins in the home of its own host, with a clean environment and node in reach', async () => {
    const { stdout } = await ssh([
      'web-2',
      'pwd; echo $HOME $CLONEDEPLOY_EMBEDDED_HOST $APP_PORT; env | wc -l; node -p 1+1',
    ])
    const [cwd, named, size, sum] = stdout.toString().split('\n')
    const { home, appPort } = hostOf('web-2')
    expect(cwd).toBe(home)
    expect(named).toBe(`${home} web-2 ${appPort}`)
    expect(Number(size)).toBeLessThan(12)
    expect(sum).toBe('2')
  })

  it('reads its input to the end, byte for byte', async () => {
    const input = Buffer.alloc(5_000_000, 'pattern\0\xff\n', 'latin1')
    const { stdout } = await ssh(['web-1', 'sha256sum | cut -d" " -f1'], input)
    expect(stdout.toString().trim()).toBe(createHash('sha256').update(input).digest('hex'))
  })

  it('may leave its input unread', async () => {
    const { code, stdout } = await ssh(['web-1', 'echo enough'], Buffer.alloc(8_000_000))
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'enough\n' })
  })

  it('may print much more than the window of the channel', async () => {
    const { code, stdout } = await ssh(['web-1', 'head -c 40000000 /dev/zero | tr "\\0" x'])
    expect({ code, bytes: stdout.length, other: stdout.findIndex(byte => byte !== 120) }).toEqual({
      code: 0,
      bytes: 40_000_000,
      other: -1,
    })
  })

  it('may flood both outputs at once', async () => {
    const flood = 'seq 1 900000 & seq 1 900000 >&2; wait'
    const { code, stdout, stderr } = await ssh(['web-1', flood])
    const expected = Array.from({ length: 900_000 }, (_, i) => `${i + 1}\n`).join('')
    expect({ code, stdout: stdout.equals(Buffer.from(expected)), stderr: stderr === expected }).toEqual({
      code: 0,
      stdout: true,
      stderr: true,
    })
  })

  it('does not wait for a process in the background that closed its output', async () => {
    const { code, stdout } = await ssh(['web-1', 'sleep 30 </dev/null >/dev/null 2>&1 & echo $!'])
    expect(code).toBe(0)
    process.kill(Number(stdout))
  })

  it('fails in words when the home of the host is gone', async () => {
    const lost = mkdtempSync(join(tmpdir(), 'embedded-lost-'))
    const other = await startEmbeddedHosts({ count: 1, dir: lost })
    rmSync(hostOf('web-1', other).home, { recursive: true })
    const { code, stderr } = await ssh(['web-1', 'true'], undefined, other)
    expect({ code, stderr }).toEqual({ code: 255, stderr: 'spawn sh ENOENT\n' })
    await other.close()
    rmSync(lost, { recursive: true })
  })
})

describe('a session', () => {
  it.each([
    ['a terminal', ['-tt', 'web-1', 'true'], 'PTY allocation request failed'],
    ['a subsystem', ['-s', 'web-1', 'sftp'], 'subsystem request failed'],
    ['a login shell', ['web-1'], 'shell request failed'],
  ])('is refused %s', async (_, args, message) => {
    expect((await ssh(args)).stderr).toContain(message)
  })

  it('shares its connection with others, all at once', async () => {
    const control = join(dir, 'control').replaceAll('%', '%%')
    const master = start(['-M', '-S', control, '-N', 'web-1'])
    await until(() => existsSync(join(dir, 'control')))
    const answers = await Promise.all(
      [1, 2, 3, 4].map(n => ssh(['-S', control, 'web-1', `sleep 0.3; echo ${n}; exit ${n}`])),
    )
    expect(answers.map(({ code, stdout }) => [code, stdout.toString()])).toEqual([
      [1, '1\n'],
      [2, '2\n'],
      [3, '3\n'],
      [4, '4\n'],
    ])
    master.kill()
  })

  it('that is dropped closes the pipes of its command, and kills nothing', async () => {
    const home = hostOf('web-1').home
    const client = start(['web-1', 'trap "" PIPE; echo $$ >pid; cat >/dev/null; echo eof >after; exec sleep 30'])
    await until(() => size(join(home, 'pid')) > 0)
    client.kill('SIGKILL')
    await until(() => size(join(home, 'after')) > 0)
    const pid = Number(readFileSync(join(home, 'pid'), 'utf8'))
    expect(process.kill(pid, 0)).toBe(true)
    process.kill(pid)
  })
})

describe('the login', () => {
  it('is refused to another key', async () => {
    const wrong = join(dir, 'wrong')
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrong])
    const { code, stderr } = await connect(['-o', `IdentityFile="${wrong.replaceAll('%', '%%')}"`])
    expect({ code, stderr }).toEqual({ code: 255, stderr: expect.stringContaining('Permission denied (publickey)') })
  })

  it('is refused to the right public key with the signature of another', async () => {
    const right = parsed(readFileSync(fleet.identityFile, 'utf8'))
    const forger = parsed((await newKey()).text)
    forger.getPublicSSH = () => right.getPublicSSH()
    expect(await login(right)).toBe('in')
    expect(await login(forger)).toBe('All configured authentication methods failed')
  })

  it('is refused to another user', async () => {
    const { code, stderr } = await ssh(['-l', 'somebody', 'web-1', 'true'])
    expect({ code, stderr }).toEqual({ code: 255, stderr: expect.stringContaining('Permission denied (publickey)') })
  })

  it('is not tried at a host with another key than the one in known_hosts', async () => {
    const { code, stderr } = await ssh(['-o', 'HostKeyAlias=web-2', 'web-1', 'true'])
    expect({ code, stderr }).toEqual({ code: 255, stderr: expect.stringContaining('IDENTIFICATION HAS CHANGED') })
  })

  function parsed(text: string): ParsedKey {
    const key = utils.parseKey(text)
    if (key instanceof Error) throw key
    return key
  }

  function login(key: ParsedKey): Promise<string> {
    const client = new Client()
    const { port } = hostOf('web-1')
    return new Promise<string>(resolve => {
      client.once('error', error => resolve(error.message))
      client.once('ready', () => resolve('in'))
      const method = { type: 'publickey', username: fleet.login, key } as never
      client.connect({ host: '127.0.0.1', port, username: fleet.login, authHandler: [method] })
    }).finally(() => client.end())
  }

  function connect(options: readonly string[]) {
    const { port } = hostOf('web-1')
    const known = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'IdentitiesOnly=yes']
    return ssh([...options, ...known, '-p', String(port), '127.0.0.1', 'true'])
  }
})

describe('a forward', () => {
  let server: Server
  let port: number
  beforeAll(async () => {
    server = echoServer()
    port = await new Promise(resolve => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
    })
  })
  afterAll(() => server.close())

  it('reaches a port of the loopback', async () => {
    const { code, stdout } = await ssh(['-W', `127.0.0.1:${port}`, 'web-1'], Buffer.alloc(3_000_000, 'x'))
    expect({ code, bytes: stdout.length }).toEqual({ code: 0, bytes: 3_000_000 })
  })

  it.each([
    ['a port that nobody listens on', '127.0.0.1:1'],
    ['another machine', '192.0.2.1:80'],
  ])('is refused to %s', async (_, target) => {
    const { code, stderr } = await ssh(['-W', target, 'web-1'])
    expect({ code, stderr }).toEqual({ code: 255, stderr: expect.stringContaining('open failed') })
  })

  it('reaches a unix socket below the home of the host, and no other', async () => {
    const { home } = hostOf('web-1')
    mkdirSync(join(home, 'run'))
    const inside = await listenAt(join(home, 'run/app.sock'))
    const outside = await listenAt(join(dir, 'outside.sock'))
    symlinkSync(join(dir, 'outside.sock'), join(home, 'run/way-out.sock'))
    expect(await throughSocket(join(home, 'run/app.sock'))).toBe('ping')
    expect(await throughSocket(join(dir, 'outside.sock'))).toBe('(SSH) Channel open failure: ')
    expect(await throughSocket(join(home, 'run/way-out.sock'))).toBe('(SSH) Channel open failure: ')
    inside.close()
    outside.close()
  })

  function throughSocket(path: string): Promise<string> {
    const { port } = hostOf('web-1')
    const client = new Client()
    return new Promise<string>((resolve, reject) => {
      client.once('error', reject)
      client.once('ready', () => {
        client.openssh_forwardOutStreamLocal(path, (error, channel) => {
          if (error) return resolve(error.message)
          channel.once('data', (data: Buffer) => resolve(data.toString()))
          channel.write('ping')
        })
      })
      client.connect({ host: '127.0.0.1', port, username: fleet.login, privateKey: readFileSync(fleet.identityFile) })
    }).finally(() => client.end())
  }

  function listenAt(path: string): Promise<Server> {
    return new Promise(resolve => {
      const listening = echoServer().listen(path, () => resolve(listening))
    })
  }
})

describe('a fleet', () => {
  it('has its keys and app ports again when it is started again, at the same time too', async () => {
    const kept = mkdtempSync(join(tmpdir(), 'embedded-kept-'))
    const [one, two] = await Promise.all([
      startEmbeddedHosts({ count: 2, dir: kept }),
      startEmbeddedHosts({ count: 2, dir: kept }),
    ])
    await Promise.all([one.close(), two.close()])
    const three = await startEmbeddedHosts({ count: 3, dir: kept })
    expect(facts(one)).toEqual(facts(two))
    expect(facts(three).slice(0, 2)).toEqual(facts(one))
    expect(await readAppPorts(kept)).toEqual(new Map(three.hosts.map(({ name, appPort }) => [name, appPort])))
    expect(new Set(three.hosts.map(({ appPort }) => appPort)).size).toBe(3)
    expect((await ssh(['web-3', 'echo up'], undefined, three)).stdout.toString()).toBe('up\n')
    expect(statSync(three.identityFile).mode & 0o777).toBe(0o600)
    await three.close()
    rmSync(kept, { recursive: true })
  })

  it('names its host keys as ssh-keygen does', () => {
    const { stdout } = spawnSync('ssh-keygen', ['-lf', fleet.knownHostsFile])
    const printed = stdout
      .toString()
      .split('\n')
      .map(line => line.split(' ')[1])
    expect(printed.slice(0, 2)).toEqual(fleet.hosts.map(({ hostKey }) => hostKey))
  })

  it('gives the hosts of a configuration what it takes to reach them', () => {
    const host: Host = {
      name: 'web-2',
      host: 'web-2',
      roles: ['web'],
      deployTo: 'hello',
      env: { NODE_ENV: 'production' },
    }
    const up = hostOf('web-2')
    expect(embeddedHosts([host], fleet)).toEqual([
      {
        name: 'web-2',
        host: '127.0.0.1',
        port: up.port,
        user: fleet.login,
        identityFile: fleet.identityFile,
        hostKey: up.hostKey,
        roles: ['web'],
        deployTo: 'hello',
        env: { APP_PORT: String(up.appPort), NODE_ENV: 'production' },
      },
    ])
  })

  it('ends its connections when it closes, also the ones that say nothing', async () => {
    const short = mkdtempSync(join(tmpdir(), 'embedded-short-'))
    const other = await startEmbeddedHosts({ count: 1, dir: short })
    const client = start(['web-1', 'echo up; cat'], other)
    await new Promise(resolve => client.stdout?.once('data', resolve))
    const ended = new Promise(resolve => client.once('exit', resolve))
    await other.close()
    expect(await ended).toBe(255)
    rmSync(short, { recursive: true })
  })
})

interface Answer {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

function start(args: readonly string[], on = fleet): ChildProcess {
  return spawn('ssh', ['-F', on.configFile, ...args])
}

function ssh(args: readonly string[], input?: Buffer, on = fleet): Promise<Answer> {
  const child = start(args, on)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', chunk => stdout.push(chunk))
  child.stderr?.on('data', chunk => stderr.push(chunk))
  child.stdin?.on('error', () => {})
  child.stdin?.end(input ?? '')
  return new Promise(resolve => {
    child.once('close', code => {
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
    })
  })
}

function hostOf(name: string, on = fleet): EmbeddedHost {
  const host = on.hosts.find(host => host.name === name)
  if (host === undefined) throw new Error(`no ${name}`)
  return host
}

function facts(of: EmbeddedFleet) {
  return of.hosts.map(({ name, home, hostKey, appPort }) => ({ name, home, hostKey, appPort }))
}

function echoServer(): Server {
  return createServer({ allowHalfOpen: true }, socket => socket.on('error', () => {}).pipe(socket))
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error('waited in vain for 10 s')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
