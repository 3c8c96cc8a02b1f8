import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { noTraffic } from '../../src/connection/command-loop.js'
import type { Connect } from '../../src/connection/connection.js'
import { connectOpenssh } from '../../src/connection/openssh/openssh.js'
import { fields } from '../../src/connection/openssh/openssh-mux.js'
import { openSftp } from '../../src/connection/ssh2/sftp.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import { type EmbeddedFleet, startEmbeddedHosts } from '../../src/embedded/hosts.js'
import { refused } from '../support/refused.js'

/** What a server says on the wire, to be replaced. */
const { prototype: wire } = createRequire(import.meta.url)('ssh2/lib/protocol/Protocol.js')

it('an SFTP that goes on answering what nobody asked is closed', async () => {
  const stdout = new PassThrough()
  const quiet = () => new PassThrough()
  const closed = vi.fn()
  const ended = new Promise<never>(() => {})
  const channel = { stdin: quiet(), stdout, stderr: quiet(), ended, close: closed }
  const opening = openSftp({ openSubsystem: async () => channel }, noTraffic())
  const version = Buffer.concat([Buffer.from([2]), fields(3, 'posix-rename@openssh.com', '1')])
  const status = fields(Buffer.concat([Buffer.from([101]), fields(4711, 0)]))
  stdout.write(fields(version))
  const files = await opening
  const renaming = files?.rename('a', 'b', 60_000)
  for (let i = 0; i < 100; i += 1) stdout.write(status)
  expect(closed).not.toHaveBeenCalled()
  stdout.write(status)
  expect(await renaming).toBeNull()
  expect(closed).toHaveBeenCalled()
})

describe.each([
  ['our own ssh', connectSsh],
  ['the system’s ssh', connectOpenssh],
])('a server that breaks the protocol, met by %s,', (_, by) => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-hostile-'))
  let fleet: EmbeddedFleet
  let connect: Connect

  beforeAll(async () => {
    fleet = await startEmbeddedHosts({ count: 1, dir })
    connect = by({ configFile: fleet.configFile, connectTimeout: 10_000, concurrency: 1 })
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })
  afterAll(async () => {
    await fleet.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const host = { name: 'web-1', host: 'web-1', roles: [], deployTo: 'app', env: {} }

  it.each([0, 1])('and takes packets of %i bytes is refused', async size => {
    const confirm = wire.channelOpenConfirm
    vi.spyOn(wire, 'channelOpenConfirm').mockImplementation(function (this: unknown, ...args: unknown[]) {
      confirm.apply(this, [...args.slice(0, 3), size])
    })
    const error = await refused(connect(host, { timeout: 10_000 }))
    expect(error).toMatchObject({ kind: 'shell', details: [`it takes packets of ${size} bytes only`] })
  })
})
