import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { connectOpenssh } from '../../src/connection/openssh/openssh.js'
import { hopOf } from '../../src/connection/route/jump.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import type { Host } from '../../src/inventory/host.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { exhaustively } from '../support/exhaustively.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

describe('a jump host is written as in ssh -J', () => {
  it.each([
    ['bastion', { host: 'bastion' }],
    ['ops@bastion', { host: 'bastion', user: 'ops' }],
    ['bastion:2222', { host: 'bastion', port: 2222 }],
    ['ops@10.0.0.1:2222', { host: '10.0.0.1', user: 'ops', port: 2222 }],
    ['ssh://ops@bastion:2222', { host: 'bastion', user: 'ops', port: 2222 }],
    ['[fe80::1]:2222', { host: 'fe80::1', port: 2222 }],
    ['ops@[fe80::1]', { host: 'fe80::1', user: 'ops' }],
    ['fe80::1', { host: 'fe80::1' }],
  ])('%s', (text, parts) => {
    expect(hopOf(text)).toEqual({ name: text, user: undefined, port: undefined, ...parts })
  })
})

const CLOSED = 5

describe.skipIf(!sshdIsHere()).each([
  ['spoken by this process', connectSsh],
  ['spoken by the system’s ssh', connectOpenssh],
])('behind a jump host, %s', (_, connectBy) => {
  let fleet: TestFleet
  /** What the hosts and the configuration decide: every day by one of the two. */
  const once = connectBy === connectSsh ? it : exhaustively

  beforeAll(async () => {
    fleet = await startFleet({
      hosts: 5,
      sshdConfig: i => (i === CLOSED ? ['AllowTcpForwarding no'] : []),
      sshConfig: ({ dir }) => [
        `Match originalhost h3,h4`,
        `  ProxyJump h1`,
        `Host by-command`,
        `  ProxyCommand ssh -F ${dir}/ssh_config -W 127.0.0.1:%p h1`,
        `Host broken-command`,
        `  ProxyCommand sh -c 'echo the proxy is down >&2; exit 1'`,
        `Host circle-a`,
        `  ProxyJump circle-b`,
        `Host circle-b`,
        `  ProxyJump circle-a`,
        'Host *',
        `  IdentityFile ${dir}/client`,
        '  IdentityAgent none',
        `  UserKnownHostsFile ${dir}/known_hosts`,
      ],
    })
  })
  afterAll(() => fleet.stop())

  const connector = () => connectBy({ configFile: fleet.sshConfigFile, connectTimeout: 60_000, concurrency: 32 })
  const whoAmI = async (connection: Connection) => {
    const result = await connection.run(new Script('test', 'echo "$CLONEDEPLOY_TEST_HOST $SSH_CONNECTION"'), {
      timeout: 60_000,
    })
    return result.stdout.toString()
  }
  const logins = (i: number) => fleet.log(i).match(/Accepted publickey/g)?.length ?? 0
  const goodbyes = (i: number) => fleet.log(i).match(/Disconnected from user|Closing connection to/g)?.length ?? 0
  const refused = (host: Host) =>
    connector()(host, { timeout: 60_000 }).then(
      () => null as never,
      error => ({ kind: error.kind, message: error.message, details: error.details, host: error.host }),
    )

  it('a host is reached, and the jump host is used once for all', async () => {
    const before = logins(1)
    const left = goodbyes(1)
    const connect = connector()
    const both = await Promise.all([
      connect(fleet.host(3), { timeout: 60_000 }),
      connect(fleet.host(4), { timeout: 60_000 }),
    ])
    expect(both.map(each => each.facts.port)).toEqual([fleet.port(3), fleet.port(4)])
    expect(logins(1) - before).toBe(1)
    const [a, b] = await Promise.all(both.map(whoAmI))
    expect(a).not.toBe(b)
    for (const each of both) each.close()
    await vi.waitFor(() => expect(goodbyes(1)).toBeGreaterThan(left), 300_000)
  })

  it('the jump host stays as long as somebody needs it, and is connected anew afterwards', async () => {
    const before = logins(1)
    const connect = connector()
    const first = await connect(fleet.host(3), { timeout: 60_000 })
    const second = await connect(fleet.host(4), { timeout: 60_000 })
    first.close()
    expect(await whoAmI(second)).toMatch(/127/)
    second.close()
    const third = await connect(fleet.host(4), { timeout: 60_000 })
    expect(await whoAmI(third)).toMatch(/127/)
    third.close()
    expect(logins(1) - before).toBe(2)
  })

  once('several hops go one after the other', async () => {
    const before = [logins(2), logins(4)]
    const connection = await connector()({ ...fleet.host(4), jump: 'h1,h2' }, { timeout: 60_000 })
    expect(await whoAmI(connection)).toMatch(/127/)
    expect([logins(2), logins(4)].map((count, n) => count - (before[n] as number))).toEqual([1, 1])
    connection.close()
  })

  once('a jump host that has its own jump host', async () => {
    const before = logins(1)
    const connection = await connector()({ ...fleet.host(2), jump: 'h3' }, { timeout: 60_000 })
    expect(await whoAmI(connection)).toMatch(/127/)
    expect(logins(1) - before).toBe(1)
    connection.close()
  })

  once('5 MB go through and come back', async () => {
    const connection = await connector()(fleet.host(3), { timeout: 60_000 })
    const input = Buffer.alloc(5_000_000, 'clone')
    const result = await connection.run(new Script('test', 'cat', input), { timeout: 20_000 })
    expect(result.stdout.equals(input)).toBe(true)
    connection.close()
  })

  it('a loss of the jump host is a loss of all behind it', async () => {
    const connect = connector()
    const both = await Promise.all([
      connect(fleet.host(3), { timeout: 60_000 }),
      connect(fleet.host(4), { timeout: 60_000 }),
    ])
    const running = both.map(each => each.run(new Script('test', 'sleep 5'), { timeout: 20_000 }))
    await whoAmI(both[0] as Connection)
    fleet.dropConnections(1)
    for (const result of await Promise.all(running)) expect(result).toMatchObject({ code: null })
    for (const each of both) expect(await each.closed).toBeInstanceOf(Error)
    const again = await connect(fleet.host(3), { timeout: 60_000 })
    expect(await whoAmI(again)).toMatch(/127/)
    again.close()
  })

  it('the host behind is verified: its key must be known', async () => {
    const knownHosts = join(fleet.dir, 'only-h1')
    writeFileSync(knownHosts, readFileSync(fleet.knownHosts, 'utf8').split('\n')[0] as string)
    expect(await refused({ ...fleet.host(3), knownHosts })).toMatchObject({ kind: 'host-key-unknown', host: 'h3' })
  })

  once('the jump host is verified: its key must be known', async () => {
    const configFile = join(fleet.dir, 'distrust')
    appendFileSync(configFile, `Host h1\n  UserKnownHostsFile ${fleet.dir}/none\n`)
    appendFileSync(configFile, readFileSync(fleet.sshConfigFile, 'utf8'))
    const connecting = connectBy({ configFile, connectTimeout: 1, concurrency: 1 })(fleet.host(3), { timeout: 60_000 })
    await expect(connecting).rejects.toMatchObject({
      kind: 'host-key-unknown',
      host: 'h3',
      message: 'h3 is behind a jump host, and h1 is not trusted: its host key is in no known_hosts file',
    })
  })

  it('a jump host that forwards nothing is named', async () => {
    const error = await refused({ ...fleet.host(2), jump: 'h5' })
    expect(error).toMatchObject({ kind: 'jump' })
    expect(error.message).toBe('h2 cannot be reached: the jump host h5 does not allow forwarding')
  })

  it('a host that the jump host does not reach is named', async () => {
    await fleet.stopHost(3)
    const error = await refused(fleet.host(3))
    await fleet.startHost(3)
    expect(error).toMatchObject({ kind: 'jump' })
    expect(error.message).toBe(
      `h3 cannot be reached: the jump host h1 gets no connection to 127.0.0.1:${fleet.port(3)}`,
    )
  })

  once('a circle of jump hosts is refused', async () => {
    expect(await refused({ ...fleet.host(2), host: 'circle-a' })).toMatchObject({
      kind: 'config',
      message: 'h2: its jump hosts go in a circle',
    })
  })

  it('a ProxyCommand is run, and ends with the connection', async () => {
    const host = { ...fleet.host(2), host: 'by-command', user: userInfo().username, port: fleet.port(2) }
    const hostKey = await keyOfH2()
    const connection = await connector()({ ...host, hostKey }, { timeout: 60_000 })
    expect(await whoAmI(connection)).toMatch(/127/)
    const before = goodbyes(1)
    connection.close()
    await vi.waitFor(() => expect(goodbyes(1)).toBeGreaterThan(before), 300_000)
  })

  async function keyOfH2(): Promise<string> {
    const direct = await connector()(fleet.host(2), { timeout: 60_000 })
    direct.close()
    return direct.facts.hostKey?.fingerprint ?? ''
  }

  it('the words of a ProxyCommand that fails are told', async () => {
    const error = await refused({ ...fleet.host(2), host: 'broken-command' })
    expect(error).toMatchObject({
      kind: 'lost',
      message: 'h2 cannot be reached through its ProxyCommand: the proxy is down',
    })
    expect(error.details).toContainEqual(expect.stringMatching(/^(it printed|ssh says) {2}the proxy is down$/))
  })
})
