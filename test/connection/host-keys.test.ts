import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import type { Host } from '../../src/inventory/host.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('host keys are always checked', () => {
  let fleet: TestFleet
  let stranger: string
  let files = 0

  beforeAll(async () => {
    // h1 has three kinds of key, as most hosts do; h2 is somebody else.
    fleet = await startFleet({ hosts: 2, hostKeys: ['ed25519', 'ecdsa', 'rsa'] })
    stranger = keyOf(2, 'ed25519')
  })
  afterAll(() => fleet.stop())

  const keyOf = (i: number, type: string) =>
    readFileSync(fleet.hostKeyFile(i, type), 'utf8').split(' ').slice(0, 2).join(' ')
  const name = () => `[127.0.0.1]:${fleet.port(1)}`
  const fingerprintOf = (i: number, type: string) =>
    execFileSync('ssh-keygen', ['-lf', fleet.hostKeyFile(i, type)], { encoding: 'utf8' }).split(' ')[1] as string
  const file = (...lines: readonly string[]) => {
    files += 1
    const path = join(fleet.dir, `known-${files}`)
    writeFileSync(path, lines.map(line => `${line}\n`).join(''))
    return path
  }
  const connect = async (extra: Partial<Host>) => {
    const ssh = { configFile: fleet.sshConfigFile, connectTimeout: 10_000, concurrency: 32 }
    const connection = await connectSsh(ssh)({ ...fleet.host(1), ...extra }, { timeout: 10_000 })
    connection.close()
    return connection.facts
  }
  /** The refusal, and whether sshd saw as much as the name of the user. */
  const refused = async (extra: Partial<Host>) => {
    const before = fleet.log(1).length
    const error = await connect(extra).then(
      () => null,
      thrown => thrown,
    )
    await vi.waitFor(() => expect(fleet.log(1).slice(before)).toMatch(/disconnect|Connection (closed|reset)/i), 300_000)
    const log = fleet.log(1).slice(before)
    return {
      ...error,
      message: error?.message,
      authenticated: /authenticating user|publickey|Accepted|Failed/.test(log),
    }
  }

  it.each([
    { what: 'in plain', type: 'ed25519' },
    { what: 'of a type that the host would not show first', type: 'ecdsa' },
    { what: 'as RSA, signed with SHA-2', type: 'rsa' },
  ])('a known key $what is taken', async ({ type }) => {
    const facts = await connect({ knownHosts: file(`${name()} ${keyOf(1, type)}`) })
    expect(facts.hostKey).toEqual({ type: keyOf(1, type).split(' ')[0], fingerprint: fingerprintOf(1, type) })
  })

  it('a known key in a hashed file is taken', async () => {
    const knownHosts = file(`${name()} ${keyOf(1, 'ed25519')}`)
    execFileSync('ssh-keygen', ['-q', '-H', '-f', knownHosts], { stdio: 'ignore' })
    expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|/)
    expect((await connect({ knownHosts })).hostKey?.type).toBe('ssh-ed25519')
  })

  it('one good line among others is enough', async () => {
    const knownHosts = file(`${name()} ${stranger}`, `other ${stranger}`, `127.0.0.1,${name()} ${keyOf(1, 'ed25519')}`)
    expect((await connect({ knownHosts })).hostKey?.fingerprint).toBe(fingerprintOf(1, 'ed25519'))
  })

  it('an unknown key is refused, with everything to decide by', async () => {
    const knownHosts = file(`other ${stranger}`)
    const error = await refused({ knownHosts })
    expect(error).toMatchObject({ kind: 'host-key-unknown', host: 'h1', exitCode: 3, authenticated: false })
    expect(error.message).toBe('h1 is not trusted: its host key is in no known_hosts file')
    expect(error.details).toEqual([
      `h1 [127.0.0.1]:${fleet.port(1)} offered  ED25519 ${fingerprintOf(1, 'ed25519')}`,
      `looked in  ${knownHosts}`,
    ])
    expect(error.next).toEqual([
      'on the server:  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub     must print the same',
      'then:           clonedeploy trust h1',
      `in CI:          hosts: [{ host: 'h1', hostKey: '${fingerprintOf(1, 'ed25519')}' }]`,
    ])
  })

  it('a file that does not exist knows nobody', async () => {
    expect(await refused({ knownHosts: join(fleet.dir, 'none') })).toMatchObject({
      kind: 'host-key-unknown',
      authenticated: false,
    })
  })

  it('a changed key is refused, with the place of the one we know', async () => {
    const knownHosts = file('# mine', `${name()} ${stranger}`)
    const error = await refused({ knownHosts })
    expect(error).toMatchObject({ kind: 'host-key-changed', authenticated: false })
    expect(error.message).toBe('HOST KEY CHANGED: h1 is not the host that we know')
    expect(error.details).toEqual([
      `h1 [127.0.0.1]:${fleet.port(1)} offered  ED25519 ${fingerprintOf(1, 'ed25519')}`,
      `known    ED25519 ${fingerprintOf(2, 'ed25519')}  ${knownHosts}:2`,
    ])
    expect(error.next.join('\n')).toContain(`ssh-keygen -R '[127.0.0.1]:${fleet.port(1)}' -f ${knownHosts}`)
  })

  it('a key of another type than the known one does not help', async () => {
    const other = readFileSync(fleet.hostKeyFile(2, 'ecdsa'), 'utf8').split(' ').slice(0, 2).join(' ')
    expect(await refused({ knownHosts: file(`${name()} ${other}`) })).toMatchObject({
      kind: 'host-key-changed',
      authenticated: false,
    })
  })

  it.each(['known too', 'pinned too'])('a revoked key is refused even when it is %s', async also => {
    const key = keyOf(1, 'ed25519')
    const knownHosts = file(`@revoked * ${key}`, ...(also === 'known too' ? [`${name()} ${key}`] : []))
    const pin = also === 'pinned too' ? { hostKey: fingerprintOf(1, 'ed25519') } : {}
    const error = await refused({ knownHosts, ...pin })
    expect(error).toMatchObject({ kind: 'host-key-revoked', authenticated: false })
    expect(error.details[1]).toBe(`revoked  ${knownHosts}:1`)
  })

  it('a certificate authority alone trusts nobody, and is named', async () => {
    const knownHosts = file(`@cert-authority * ${keyOf(1, 'ed25519')}`)
    const error = await refused({ knownHosts })
    expect(error).toMatchObject({ kind: 'host-key-unknown', authenticated: false })
    expect(error.details[1]).toBe(`authority  ${knownHosts}:1`)
    expect(error.next).toEqual([expect.stringContaining("transport: 'openssh'")])
  })

  it.each(['ed25519', 'ecdsa', 'rsa'])('a pinned %s key is taken without any file', async type => {
    const facts = await connect({ knownHosts: join(fleet.dir, 'none'), hostKey: fingerprintOf(1, type) })
    expect(facts.hostKey?.fingerprint).toBe(fingerprintOf(1, type))
  })

  it('a pin wins over known_hosts: a wrong one is refused', async () => {
    const error = await refused({ hostKey: fingerprintOf(2, 'ed25519') })
    expect(error).toMatchObject({ kind: 'host-key-changed', authenticated: false })
    expect(error.details).toEqual([
      `h1 [127.0.0.1]:${fleet.port(1)} offered  ED25519 ${fingerprintOf(1, 'ed25519')}`,
      `pinned   ${fingerprintOf(2, 'ed25519')}  (hostKey in the configuration)`,
    ])
  })

  it('StrictHostKeyChecking no changes nothing', async () => {
    const configFile = join(fleet.dir, 'lax')
    const lax = `Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile ${file('')}\n`
    writeFileSync(configFile, lax + readFileSync(fleet.sshConfigFile, 'utf8'))
    const connecting = connectSsh({ configFile, connectTimeout: 10_000, concurrency: 32 })(fleet.host(1), {
      timeout: 10_000,
    })
    await expect(connecting).rejects.toMatchObject({ kind: 'host-key-unknown' })
  })

  it('the checks above would see an authentication', async () => {
    const before = fleet.log(1).length
    await connect({})
    expect(fleet.log(1).slice(before)).toMatch(/Accepted publickey/)
  })
})
