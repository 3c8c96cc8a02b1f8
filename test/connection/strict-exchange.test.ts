import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/connection/host-keys/known-hosts.js'
import { newKey } from '../../src/connection/ssh2/key-types.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import { refused } from '../support/refused.js'

const CHACHA20 = 'chacha20-poly1305@openssh.com'

interface Insides {
  readonly _protocol: { _strictMode: boolean; readonly _offer: { readonly lists: { readonly all: Buffer } } }
}

/** Makes an SSH server as they were before strict key exchange, which ssh2 always offers: by another word of that length. */
function forgetStrictness(client: unknown): void {
  const { _protocol: protocol } = client as Insides
  const { all } = protocol._offer.lists
  all.write('absent', all.indexOf('kex-strict-s') + 'kex-'.length)
  protocol._strictMode = false
}

const { text: key, publicLine: line } = await newKey()

describe('an SSH server without strict key exchange', () => {
  const identityFile = join(mkdtempSync(join(tmpdir(), 'clonedeploy-strict-')), 'key')
  const logins: string[] = []
  const servers = ['aes256-ctr', CHACHA20].map(cipher => {
    const algorithms = { cipher: [cipher] } as ssh2.Algorithms
    return new ssh2.Server({ hostKeys: [key], algorithms }, client => {
      forgetStrictness(client)
      client.on('authentication', context => {
        logins.push(cipher)
        context.reject()
      })
      client.on('error', () => {})
    })
  })
  beforeAll(async () => {
    writeFileSync(identityFile, key, { mode: 0o600 })
    for (const server of servers) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    for (const server of servers) server.close()
    rmSync(dirname(identityFile), { recursive: true })
  })

  it('is asked for a login where it encrypts by AES, and for none where it has ChaCha20 alone', async () => {
    const connect = connectSsh({ configFile: '/dev/null', connectTimeout: 10_000, concurrency: 2 })
    const hostKey = fingerprint(Buffer.from(line.split(' ')[1] as string, 'base64'))
    const errors = servers.map(server => {
      const { port } = server.address() as { port: number }
      const host = { name: 'web-1', host: '127.0.0.1', port, hostKey, identityFile, roles: [], deployTo: '/', env: {} }
      return refused(connect(host, { timeout: 10_000 }))
    })
    const [aes, chacha] = await Promise.all(errors)
    expect(aes).toMatchObject({ kind: 'auth' })
    expect(chacha).toMatchObject({
      kind: 'handshake',
      message:
        'web-1 offers no better cipher than chacha20-poly1305, and no strict key exchange: packets could be dropped unnoticed (the Terrapin attack)',
    })
    expect(new Set(logins)).toEqual(new Set(['aes256-ctr']))
  })
})
