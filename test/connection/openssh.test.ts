import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectHosts } from '../../src/connection/connect.js'
import type { Connection } from '../../src/connection/connection.js'
import { LostError } from '../../src/connection/errors.js'
import { connectOpenssh } from '../../src/connection/openssh/openssh.js'
import type { Host } from '../../src/inventory/host.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { descendants, nameOf, signal } from '../support/processes.js'
import { refused } from '../support/refused.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

const CERTIFIED_USERS = 2
const CERTIFIED_HOST = 3
const POST_QUANTUM = 4
const OLD = 5
const TWO_FACTORS = 6

describe.skipIf(!sshdIsHere())('the system’s ssh', () => {
  let fleet: TestFleet
  let keys: string
  let tmp: string

  beforeAll(async () => {
    keys = mkdtempSync(join(tmpdir(), 'clonedeploy-keys-'))
    for (const name of ['ca', 'host', 'user', 'stranger']) keygen('-t', 'ed25519', '-N', '', '-f', name)
    keygen('-s', 'ca', '-I', 'web', '-h', '-n', '127.0.0.1', 'host.pub')
    keygen('-s', 'ca', '-I', 'anna', '-n', userInfo().username, 'user.pub')
    fleet = await startFleet({ hosts: 6, sshdConfig: config })
    tmp = join(fleet.dir, 'tmp')
    mkdirSync(tmp)
    vi.stubEnv('TMPDIR', tmp)
  })
  afterEach(() => vi.waitFor(() => expect([masters(), readdirSync(tmp)]).toEqual([[], []]), 300_000))
  afterAll(async () => {
    vi.unstubAllEnvs()
    await fleet.stop()
    rmSync(keys, { recursive: true })
  })

  const keygen = (...args: readonly string[]) => execFileSync('ssh-keygen', ['-q', ...args], { cwd: keys })
  function config(i: number): string[] {
    switch (i) {
      case CERTIFIED_USERS:
        return [`TrustedUserCAKeys ${keys}/ca.pub`, 'AuthorizedKeysFile none']
      case CERTIFIED_HOST:
        return [`HostKey ${keys}/host`, `HostCertificate ${keys}/host-cert.pub`]
      case POST_QUANTUM:
        return ['KexAlgorithms sntrup761x25519-sha512@openssh.com']
      case OLD:
        return ['KexAlgorithms diffie-hellman-group14-sha1']
      case TWO_FACTORS:
        return ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes']
      default:
        return []
    }
  }

  const ssh = () => ({
    configFile: fleet.sshConfigFile,
    connectTimeout: 10_000,
    stallTimeout: 600_000,
    concurrency: 32,
  })
  const connect = (i: number, extra: Partial<Host> = {}, timeout = 10_000) =>
    connectOpenssh(ssh())({ ...fleet.host(i), ...extra }, { timeout })
  const auto = (i: number, extra: Partial<Host> = {}) =>
    connectHosts({ ...ssh(), transport: 'auto' })({ ...fleet.host(i), ...extra }, { timeout: 10_000 })
  const factsOf = async (connecting: Promise<Connection>) => {
    const connection = await connecting
    connection.close()
    return connection.facts
  }
  const file = (name: string, ...lines: readonly string[]) => {
    writeFileSync(join(keys, name), lines.map(line => `${line}\n`).join(''))
    return join(keys, name)
  }
  const publicKey = (path: string) => readFileSync(path, 'utf8').split(' ').slice(0, 2).join(' ')
  const fingerprint = (path: string) => execFileSync('ssh-keygen', ['-lf', path], { encoding: 'utf8' }).split(' ')[1]
  /** The processes named ssh below this one: masters, and what they started. */
  const masters = () => descendants(process.pid).filter(pid => nameOf(pid) === 'ssh')
  const run = (connection: Connection, text: string) => connection.run(new Script('test', text), { timeout: 10_000 })

  it('logs in with a key, and says how', async () => {
    const facts = await factsOf(connect(1))
    expect(facts).toMatchObject({
      address: '127.0.0.1',
      port: fleet.port(1),
      user: userInfo().username,
      transport: 'openssh',
      hostKey: { type: 'ssh-ed25519', fingerprint: fingerprint(fleet.hostKeyFile(1)) },
      auth: fleet.identityFile,
    })
    expect(facts.why).toBeUndefined()
  })

  it('needs one process a host, whatever runs on it', async () => {
    const connection = await connect(1)
    await Promise.all([1, 2, 3, 4].map(n => run(connection, `echo ${n}; sleep 0.1`)))
    expect(masters()).toHaveLength(1)
    connection.close()
  })

  describe('auto takes it, and says why', () => {
    it('for a certificate of the user', async () => {
      const facts = await factsOf(auto(CERTIFIED_USERS, { identityFile: `${keys}/user` }))
      expect(facts).toMatchObject({
        transport: 'openssh',
        why: `its key has a certificate, ${keys}/user-cert.pub`,
        auth: `${keys}/user with its certificate`,
      })
    })

    it('for a certificate that only the agent holds', async () => {
      const socket = join(keys, 'agent')
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
      await once(agent.stdout, 'data')
      execFileSync('ssh-add', ['-q', `${keys}/user`], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      })
      const configFile = file(
        'by-agent',
        'Host h2',
        `  IdentityAgent ${socket}`,
        '  IdentityFile none',
        '  IdentitiesOnly no',
      )
      writeFileSync(configFile, readFileSync(configFile, 'utf8') + readFileSync(fleet.sshConfigFile, 'utf8'))
      const connect = connectHosts({ ...ssh(), configFile, transport: 'auto' })
      const facts = await factsOf(connect(fleet.host(CERTIFIED_USERS), { timeout: 10_000 })).finally(() => agent.kill())
      expect(facts.why).toBe('its key has a certificate, in the agent')
      expect(facts.auth).toBe(`agent ED25519-CERT ${fingerprint(`${keys}/user.pub`)}`)
    })

    it('for a certificate of the host', async () => {
      const knownHosts = file('authority', `@cert-authority * ${publicKey(`${keys}/ca.pub`)}`)
      const facts = await factsOf(auto(CERTIFIED_HOST, { knownHosts }))
      expect(facts).toMatchObject({
        transport: 'openssh',
        why: 'known_hosts names a certificate authority for it',
        hostKey: { type: 'ssh-ed25519-cert-v01@openssh.com', fingerprint: fingerprint(`${keys}/host.pub`) },
      })
    })

    it('for a host that takes only post-quantum key exchange', async () => {
      const facts = await factsOf(auto(POST_QUANTUM))
      expect(facts.transport).toBe('openssh')
      expect(facts.why).toBe('it and clonedeploy cannot agree on how to talk: no matching key exchange algorithm')
    })

    it('for a jump host that needs it', async () => {
      const facts = await factsOf(auto(1, { jump: `h${POST_QUANTUM}` }))
      expect(facts.transport).toBe('openssh')
    })

    it('and not for any other host', async () => {
      const facts = await factsOf(auto(1))
      expect(facts.transport).toBe('builtin')
      expect(facts.why).toBeUndefined()
    })

    it('and gives the first refusal when it does no better', async () => {
      const error = await refused(auto(OLD))
      expect(error).toMatchObject({ kind: 'handshake' })
      expect(error.message).toBe('h5 and clonedeploy cannot agree on how to talk: no matching key exchange algorithm')
    })
  })

  describe('refuses, as we do ourselves', () => {
    const accepted = (i: number) => fleet.log(i).match(/Accepted publickey/g)?.length ?? 0

    it.each([
      ['a key that nobody knows', () => file('nobody', ''), 'host-key-unknown'],
      ['another key', () => file('other', `* ${publicKey(`${keys}/stranger.pub`)}`), 'host-key-changed'],
      ['a revoked key', () => file('revoked', `@revoked * ${publicKey(fleet.hostKeyFile(1))}`), 'host-key-revoked'],
      [
        'an authority of others',
        () => file('others', `@cert-authority * ${publicKey(`${keys}/ca.pub`)}`),
        'host-key-unknown',
      ],
    ])('%s, and authenticates nothing', async (_, knownHosts, kind) => {
      const before = accepted(1)
      const error = await refused(connect(1, { knownHosts: knownHosts() }))
      expect(error.kind).toBe(kind)
      expect(error.details[0]).toBe(
        `h1 [127.0.0.1]:${fleet.port(1)} offered  ED25519 ${fingerprint(fleet.hostKeyFile(1))}`,
      )
      expect(accepted(1)).toBe(before)
    })

    it('whatever the ssh configuration says', async () => {
      const configFile = file('lax', 'Host *', '  StrictHostKeyChecking no', `  UserKnownHostsFile ${keys}/written`)
      writeFileSync(configFile, readFileSync(configFile, 'utf8') + readFileSync(fleet.sshConfigFile, 'utf8'))
      const connecting = connectOpenssh({ ...ssh(), configFile })(fleet.host(1), { timeout: 10_000 })
      expect(await refused(connecting)).toMatchObject({ kind: 'host-key-unknown' })
      expect(existsSync(join(keys, 'written'))).toBe(false)
    })

    it('a pinned key that is not the host’s, also where a file knows the host', async () => {
      const error = await refused(connect(1, { hostKey: fingerprint(fleet.hostKeyFile(2)) ?? '' }))
      expect(error).toMatchObject({ kind: 'host-key-changed' })
      expect(error.message).toBe('HOST KEY CHANGED: h1 does not have the pinned host key')
    })

    it('a pinned key that is revoked', async () => {
      const knownHosts = file('revoked', `@revoked * ${publicKey(fleet.hostKeyFile(1))}`)
      const hostKey = fingerprint(fleet.hostKeyFile(1)) ?? ''
      expect(await refused(connect(1, { knownHosts, hostKey }))).toMatchObject({ kind: 'host-key-revoked' })
    })

    it('a key of ours that the host does not take', async () => {
      const configFile = file(
        'strange',
        `Host h1`,
        `  HostName 127.0.0.1`,
        `  Port ${fleet.port(1)}`,
        '  IdentityAgent none',
      )
      writeFileSync(configFile, `${readFileSync(configFile, 'utf8')}  UserKnownHostsFile ${fleet.knownHosts}\n`)
      const host = { ...fleet.host(1), identityFile: `${keys}/stranger` }
      const error = await refused(connectOpenssh({ ...ssh(), configFile })(host, { timeout: 10_000 }))
      expect(error).toMatchObject({ kind: 'auth', message: 'h1 refused the key' })
      expect(error.details).toContain(`tried  ${keys}/stranger`)
    })

    it('a second factor', async () => {
      const error = await refused(connect(TWO_FACTORS))
      expect(error).toMatchObject({ kind: 'auth' })
      expect(error.message).toBe('h6 took the key and asks for a second factor, which a deployment cannot give')
    })

    it('a name that begins like an option', async () => {
      const trap = join(keys, 'trap')
      const host = `-oProxyCommand=touch ${trap}`
      expect(await refused(connect(1, { host }))).toMatchObject({ kind: 'config' })
      expect(existsSync(trap)).toBe(false)
    })
  })

  it('takes a pinned key without any file', async () => {
    const pin = { hostKey: fingerprint(fleet.hostKeyFile(1)) ?? '', knownHosts: join(keys, 'none') }
    expect((await factsOf(connect(1, pin))).hostKey?.fingerprint).toBe(pin.hostKey)
  })

  it('gives up in its time', async () => {
    fleet.freeze(1)
    const error = await refused(connect(1, {}, 500))
    fleet.thaw(1)
    expect(error).toMatchObject({ kind: 'timeout' })
  })

  it('is given up when we change our mind', async () => {
    fleet.freeze(1)
    const controller = new AbortController()
    const options = { timeout: 30_000, signal: controller.signal }
    const connecting = refused(connectOpenssh(ssh())(fleet.host(1), options))
    await vi.waitFor(() => expect(masters()).toHaveLength(1), 300_000)
    controller.abort()
    expect(await connecting).toMatchObject({ kind: 'aborted' })
    expect(await refused(connectOpenssh(ssh())(fleet.host(1), options))).toMatchObject({ kind: 'aborted' })
    fleet.thaw(1)
  })

  it('does not keep us waiting for a host that answers nothing any more', async () => {
    const connection = await connect(1)
    fleet.freeze(1)
    const running = connection.run(new Script('test', 'cat', Buffer.alloc(20_000_000)), { timeout: 20_000 })
    connection.close()
    expect(await connection.closed).toBe(null)
    expect((await running).code).toBe(null)
    await vi.waitFor(() => expect(masters()).toEqual([]), 300_000)
    fleet.thaw(1)
  })

  it('that was killed ends what it forwards', async () => {
    const connection = await connect(1)
    const stream = await connection.forward({ host: '127.0.0.1', port: fleet.port(2) })
    await once(stream, 'data')
    const closed = new Promise(resolve => stream.once('close', resolve))
    signal(masters(), 'SIGKILL')
    await closed
    await expect(connection.forward({ host: '127.0.0.1', port: fleet.port(2) })).rejects.toThrow()
  })

  it('that was killed leaves the outcome of scripts unknown, and the connection is over', async () => {
    const connection = await connect(1)
    const script = new Script('test', 'echo started; sleep 5')
    const onOutput = () => signal(masters(), 'SIGKILL')
    const result = await connection.run(script, { timeout: 20_000, onOutput })
    expect(result).toMatchObject({ code: null, signal: null })
    expect(result.lost).toBeInstanceOf(LostError)
    expect(result.lost?.message).toMatch(/^the connection to h1 was lost: /)
    expect(await connection.closed).toBeInstanceOf(Error)
    expect(await run(connection, 'true')).toMatchObject({ code: null })
  })

  it('does not outlive us when we are killed, nor does anything on the host that waits for us', async () => {
    const mark = join(keys, 'end-of-input')
    const program = file(
      'killed.ts',
      `import { connectOpenssh } from ${source('connection/openssh/openssh.ts')}
       import { Script } from ${source('scripts/shell/shell.ts')}
       const connect = connectOpenssh({ configFile: ${JSON.stringify(fleet.sshConfigFile)}, connectTimeout: 1, concurrency: 1 })
       const host = { name: 'h1', host: 'h1', jump: 'h4', roles: [], deployTo: '/', env: {} }
       const connection = await connect(host, { timeout: 10000 })
       const waiting = connection.open(new Script('arm', 'echo armed; read -r word || touch ${mark}'), { timeout: 20000 })
       console.log(await waiting.line(10000))`,
    )
    const child = spawn(process.execPath, ['--import', 'jiti/register', program], {
      env: { ...process.env, JITI_FS_CACHE: 'false' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    expect(readdirSync(tmp)).toHaveLength(2)
    const below = descendants(child.pid as number).filter(pid => nameOf(pid) === 'ssh' || nameOf(pid) === 'sh')
    expect(below.map(nameOf).sort()).toEqual(['sh', 'sh', 'ssh', 'ssh', 'ssh'])
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(below.filter(pid => existsSync(`/proc/${pid}`))).toEqual([]), 300_000)
    await vi.waitFor(() => expect(existsSync(mark)).toBe(true), 300_000)
    expect(readdirSync(tmp)).toEqual([])
  })

  const source = (path: string) => JSON.stringify(join(import.meta.dirname, '../../src', path))

  it('that is missing is named', async () => {
    const connecting = connectOpenssh(ssh(), undefined, async () => null)(fleet.host(1), { timeout: 10_000 })
    const error = await refused(connecting)
    expect(error).toMatchObject({ kind: 'config' })
    expect(error.message).toBe('h1 cannot be connected to by ssh: this machine has no ssh (OpenSSH)')
  })
})
