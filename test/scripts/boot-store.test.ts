import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StorePlace } from '../../src/scripts/boot/store-reader.js'
import { s3Store } from '../../src/store/s3.js'
import { type Clone, type CloneStore, cloneOf, cloneStore } from '../support/clone-store.js'
import { exhaustively } from '../support/exhaustively.js'
import { isHere } from '../support/installed.js'
import { lacking } from '../support/lacking.js'
import { onCeph } from '../support/on-ceph.js'
import { anyCredentials, type S3Server, startS3 } from '../support/s3-server.js'
import { type Shell, shells } from '../support/scripts.js'
import { tier, tried } from '../support/tier.js'

const served = (clone: Clone) => readFileSync(join(clone.root, 'current/version'), 'utf8').trim()

/** A server, and what it was asked. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; asked: IncomingMessage[]; server: Server }> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server }
}

/** A shell that finds of these programs the named one alone. */
const fetchingBy = (shell: Shell, program: 'curl' | 'wget') => lacking(shell, program === 'curl' ? 'wget' : 'curl')

describe.each(
  shells.filter(({ name }) => name !== 'busybox'),
)('a machine under $name, with a store that a web server serves', shell => {
  let store: CloneStore
  let clone: Clone
  let web: Awaited<ReturnType<typeof serve>>
  let fault: (path: string) => number | null
  beforeEach(async () => {
    store = cloneStore()
    clone = cloneOf(store.dir)
    fault = () => null
    web = await serve(({ url = '' }, response) => {
      const file = join(store.dir, url)
      const status = fault(url) ?? (existsSync(file) ? 200 : 404)
      response.writeHead(status).end(status === 200 ? readFileSync(file) : 'an error page')
    })
    await store.confirms(1, { version: 'one\n' })
    await store.confirms(2, { version: 'two\n' })
  })
  afterEach(() => web.server.close())
  const place = (): StorePlace => ({ kind: 'web', url: web.url })

  it.each(['curl', 'wget'] as const)('brings itself up by %s', async program => {
    const by = fetchingBy(shell, program)
    const ended = await clone.boot(by, { place: place() })
    expect([ended.code, existsSync(clone.ready), served(clone)]).toEqual([0, true, 'two'])
    // Where the newest is known, it is read, and the next one asked for twice.
    const before = web.asked.length
    await clone.boot(by, { place: place() })
    const again = web.asked.slice(before).map(({ url = '' }) =>
      url
        .split('/')
        .at(-1)
        ?.replace(/^boot-.*/, 'boot'),
    )
    expect(again).toEqual(['0000000002', '0000000003', '0000000002', 'boot', '0000000003'])
  })

  const refusals = [
    ['curl', 500],
    ['curl', 403],
    ['wget', 503],
  ] as const

  it.each(
    tried(refusals, ([, status]) => status === 500),
  )('is not ready where that answers %s with %i', async (program, status) => {
    const by = fetchingBy(shell, program)
    for (const path of [/generations\/0000000001/, /generations\/0000000003/, /\/payload/, /\/boot-/]) {
      fault = url => (path.test(url) ? status : null)
      const ended = await clone.boot(by, { place: place() })
      expect([ended.code, existsSync(clone.ready)], String(path)).toEqual([3, false])
      expect(ended.stderr).toContain(String(status))
    }
  })

  it('logs in there with what its own environment says', async () => {
    const login = 'anna:se"c\\ret x'
    await new Promise(done => web.server.close(done))
    web = await serve(({ url = '', headers }, response) => {
      const [, said = ''] = (headers.authorization ?? '').split(' ')
      const file = join(store.dir, url)
      const status = Buffer.from(said, 'base64').toString() !== login ? 401 : existsSync(file) ? 200 : 404
      response.writeHead(status).end(status === 200 ? readFileSync(file) : '')
    })
    expect((await clone.boot(shell, { place: place() })).stderr).toContain('it answers 401')
    const env = { CLONEDEPLOY_STORE_LOGIN: login }
    const without = await clone.boot(fetchingBy(shell, 'wget'), { place: place() }, env)
    expect([without.code, without.stderr]).toEqual([3, expect.stringContaining('needs curl')])
    expect((await clone.boot(shell, { place: place() }, env)).code).toBe(0)
    expect(served(clone)).toBe('two')
  })

  it('is not ready where nobody answers', async () => {
    web.server.close()
    web.server.closeAllConnections()
    const ended = await clone.boot(shell, { place: place() })
    expect([ended.code, existsSync(clone.ready)]).toEqual([3, false])
    expect(ended.stderr).toMatch(/the store cannot be read: /)
  })

  it('is not ready where it is answered another page for everything', async () => {
    fault = () => 200
    await new Promise(done => web.server.close(done))
    web = await serve((_, response) => void response.end('<html>log in</html>'))
    const ended = await clone.boot(shell, { place: place() })
    expect([ended.code, existsSync(clone.ready)]).toEqual([3, false])
  })
})

describe.each(shells.filter(({ name }) => name !== 'busybox'))('a machine under $name, with a bucket', shell => {
  let s3: S3Server
  let store: CloneStore
  beforeEach(async () => {
    s3 = await startS3()
    for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
    store = cloneStore(s3Store({ kind: 's3', bucket: 'clones', prefix: 'eu/a', region: null, endpoint: s3.endpoint }))
    await store.confirms(1, { version: 'one\n' })
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await s3.stop()
  })
  const place = (more: object = {}) =>
    ({ kind: 's3', bucket: 'clones', prefix: 'eu/a', region: 'eu-central-1', endpoint: s3.endpoint, ...more }) as const
  const keys = { CLONEDEPLOY_S3_KEY_ID: 'KEY', CLONEDEPLOY_S3_SECRET: 'SECRET' }

  it('signs what it asks with the keys of a file', async () => {
    const clone = cloneOf('')
    expect(await clone.boot(shell, { place: place() }, keys)).toMatchObject({ code: 0 })
    expect(served(clone)).toBe('one')
  })

  it('asks for the role of its instance, and for its region, by a token', async () => {
    const clone = cloneOf('')
    const answers: Readonly<Record<string, string>> = {
      'PUT /latest/api/token': 'TOKEN',
      'GET /latest/meta-data/placement/region': 'eu-west-3',
      'GET /latest/meta-data/iam/security-credentials/': 'reader\n',
      'GET /latest/meta-data/iam/security-credentials/reader': JSON.stringify(
        { Code: 'Success', AccessKeyId: 'ASIA', SecretAccessKey: 'a/b+c=', Token: 'session//+=' },
        null,
        2,
      ),
    }
    const imds = await serve(({ method, url, headers }, response) => {
      const has = method === 'PUT' ? 'x-aws-ec2-metadata-token-ttl-seconds' : 'x-aws-ec2-metadata-token'
      const text = has in headers ? answers[`${method} ${url}`] : undefined
      response.writeHead(text === undefined ? 401 : 200).end(text)
    })
    const ended = await clone.boot(
      shell,
      { place: place({ region: null }) },
      { AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url },
    )
    imds.server.close()
    expect(ended).toMatchObject({ code: 0 })
    expect(imds.asked.slice(1).every(({ headers }) => headers['x-aws-ec2-metadata-token'] === 'TOKEN')).toBe(true)
  })

  it('is not ready without keys, and where it is refused', async () => {
    const clone = cloneOf('')
    const nobody = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' }
    expect(await clone.boot(shell, { place: place() }, nobody)).toMatchObject({ code: 3 })
    s3.fault = () => 403
    const ended = await clone.boot(shell, { place: place() }, keys)
    expect([ended.code, existsSync(clone.ready)]).toEqual([3, false])
    expect(ended.stderr).toContain('it answers 403')
  })
})

if (tier === 'exhaustive' && isHere('radosgw'))
  describe('a machine whose store is in Ceph', () => {
    const ceph = onCeph()

    exhaustively('brings itself up, and is refused with other keys', async () => {
      const bucket = {
        kind: 's3',
        bucket: 'clones',
        prefix: 'a',
        region: 'us-east-1',
        endpoint: ceph.endpoint,
      } as const
      const store = cloneStore(s3Store(bucket))
      const confirmed = await store.confirms(1, { version: 'one\n', large: 'large '.repeat(1e6) })
      await store.says({ state: 'pending', confirmed, target: confirmed })
      await store.confirms(3, { version: 'three\n' })
      const keys = { CLONEDEPLOY_S3_KEY_ID: 'KEY', CLONEDEPLOY_S3_SECRET: 'SECRET' }
      for (const shell of shells.filter(({ name }) => name !== 'busybox')) {
        const clone = cloneOf('')
        expect(await clone.boot(shell, { place: bucket }, keys)).toMatchObject({ code: 0 })
        expect([served(clone), existsSync(clone.ready)]).toEqual(['three', true])
        const refused = await clone.boot(shell, { place: bucket }, { ...keys, CLONEDEPLOY_S3_SECRET: 'OTHER' })
        expect([refused.code, existsSync(clone.ready)]).toEqual([3, false])
        expect(refused.stderr).toContain('it answers 403')
      }
    })
  })
