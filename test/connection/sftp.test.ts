import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { connectOpenssh } from '../../src/connection/openssh/openssh.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import { script, sh } from '../../src/scripts/shell/shell.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'
import { tried } from '../support/tier.js'

/** What the sshd of each host, from the first, makes of a wish for SFTP. */
const hosts = [
  ['its own SFTP', []],
  ['no SFTP', ['Subsystem none /bin/false']],
  ['an SFTP that ends', ['Subsystem sftp /bin/false']],
  ['an SFTP that prints', ['Subsystem sftp /bin/echo welcome to this machine']],
  ['an SFTP that prints without an end', ['Subsystem sftp /usr/bin/yes welcome']],
  ['an SFTP that says zeros', ['Subsystem sftp /bin/cat /dev/zero']],
  ['an SFTP that hangs', ['Subsystem sftp /bin/sleep 20']],
  ['two sessions at most', ['MaxSessions 2']],
  ['one session at most', ['MaxSessions 1']],
] as const

describe.skipIf(!sshdIsHere()).each([
  ['our own ssh', connectSsh],
  ['the system’s ssh', connectOpenssh],
])('files by SFTP over %s', (_, connectBy) => {
  let fleet: TestFleet
  let dir: string
  const open: Connection[] = []

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'clonedeploy-sftp-'))
    fleet = await startFleet({ hosts: hosts.length, sshdConfig: i => hosts[i - 1]?.[1] ?? [] })
  })
  afterAll(async () => {
    for (const connection of open) connection.close()
    await fleet.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  /** A connection whose second session is open where the host allows one. */
  const connectTo = async (i: number) => {
    const connect = connectBy({ configFile: fleet.sshConfigFile, connectTimeout: 10_000, concurrency: 32 })
    const connection = await connect(fleet.host(i), { timeout: 20_000 })
    open.push(connection)
    await Promise.all([run(connection, 'sleep 0.1'), run(connection, 'sleep 0.1')])
    return connection
  }
  const run = (connection: Connection, text: string) =>
    connection.run(script('try', [sh`sh -c ${text}`]), { timeout: 10_000 })

  it('read links, and rename them over others', async () => {
    const connection = await connectTo(1)
    const files = await connection.files()
    const at = (name: string) => join(dir, name)
    symlinkSync('old', at('current'))
    symlinkSync('new', at('go'))
    mkdirSync(at('folder'))
    expect(await files?.readlink(at('go'), 5000)).toBe('new')
    expect(await files?.readlink(at('none'), 5000)).toBeNull()
    const before = connection.bytesSent()
    expect(await files?.rename(at('go'), at('current'), 5000)).toBe(true)
    expect(connection.bytesSent() - before).toBe(45 + at('go').length + at('current').length)
    expect(readlinkSync(at('current'))).toBe('new')
    expect(await files?.rename(at('go'), at('current'), 5000)).toBe(false)
    expect(await files?.rename(at('current'), at('folder'), 5000)).toBe(false)
    expect(readlinkSync(at('current'))).toBe('new')
  })

  it('are started once', async () => {
    const connection = await connectTo(1)
    const [one, two] = await Promise.all([connection.files(), connection.files()])
    expect(one).not.toBeNull()
    expect(two).toBe(one)
  })

  it('say that it is not known where no answer came, or the connection is gone', async () => {
    const connection = await connectTo(1)
    const files = await connection.files()
    fleet.partition(1)
    try {
      expect(await files?.rename(join(dir, 'none'), join(dir, 'other'), 50)).toBeNull()
      expect(await files?.readlink(join(dir, 'none'), 50)).toBeNull()
    } finally {
      fleet.heal(1)
    }
    connection.close()
    expect(await files?.rename(join(dir, 'none'), join(dir, 'other'), 500)).toBeNull()
  })

  it.each(
    tried(hosts.map(([name], i) => [name, i + 1] as const).slice(1), ([name]) =>
      /no SFTP|prints without|one session/.test(name),
    ),
  )('are none on a host with %s, which runs scripts as before', async (_, i) => {
    const connection = await connectTo(i)
    expect(await connection.files()).toBeNull()
    const results = await Promise.all([run(connection, 'echo a'), run(connection, 'echo b')])
    expect(results.map(({ stdout }) => String(stdout))).toEqual(['a\n', 'b\n'])
    connection.close()
  })
})
