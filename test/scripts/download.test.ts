import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Artifact } from '../../src/artifact/artifact.js'
import { packFolder } from '../../src/artifact/pack.js'
import { type Download, downloadInput, type Fetcher } from '../../src/scripts/prepare/download.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { codes } from '../../src/scripts/shell/codes.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { fill, nothingShared, read } from '../artifact/folders.js'
import { installed } from '../support/installed.js'
import { type Fault, type S3Server, startS3 } from '../support/s3-server.js'
import { folder, place, run, shells } from '../support/scripts.js'
import { exhaustive } from '../support/tier.js'
import { succeed } from './staged.js'

const release = '20260102-030405-aaaaaaa'
const programs: readonly Fetcher[] = ['curl', ...exhaustive<Fetcher>(['wget'])]
// Busybox comes with a wget of its own, by which no host is asked to fetch.
const cases = shells
  .flatMap(shell => programs.map(by => ({ by, name: shell.name, shell })))
  .filter(({ by, name }) => by !== 'wget' || name !== 'busybox')

describe.each(cases)('a download by $by under $name', ({ by, shell }) => {
  let s3: S3Server
  let artifact: Artifact
  let size = 0
  let sum = ''
  let tree: object
  beforeAll(async () => {
    installed(by)
    s3 = await startS3()
    const dir = fill(folder(), { version: 'one', 'lib/big': randomBytes(1e6).toString('hex') })
    tree = read(dir)
    artifact = await packFolder({ dir, include: null, shared: nothingShared, cacheDir: folder() })
    const { data } = await artifact.payload(null, release)
    size = data.length
    sum = createHash('sha256').update(data).digest('hex')
    s3.objects.set('files', Buffer.from(data))
  })
  afterAll(() => s3.stop())
  beforeEach(() => {
    s3.fault = () => null
  })
  // What curl and wget are is not up to the shell.
  const env = (first = '') => ({ PATH: `${first}${shell.path}:/usr/bin:/bin`, http_proxy: '', no_proxy: '*' })

  async function bring(way: Partial<Download> = {}, first = '') {
    const root = folder('a shop')
    await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
    const { digest } = artifact
    const what = { release, base: null, unchanged: 'copy', digest, revision: 'c0ffee', shared: nothingShared } as const
    const address = `${s3.endpoint}/acme/files?a=b&X-Amz-Signature=0f`
    const script = unpack(place(root), what, await artifact.payload(null, release), { by, address, sum, size, ...way })
    const { code, stderr } = await run(script, shell, { env: env(first) })
    const made = readdirSync(join(root, 'releases')).map(id => join(root, 'releases', id))
    return { code, stderr, made, text: script.text }
  }

  it('makes the release, and its text does not say where from', async () => {
    const { code, stderr, made, text } = await bring()
    expect([code, stderr]).toEqual([0, ''])
    expect(read(made[0] ?? '')).toEqual({ ...tree, REVISION: '644 c0ffee\n' })
    expect(text).not.toMatch(/127\.0\.0\.1|Signature/)
  })

  it.each<[string, Fault]>([
    ['is refused', 403],
    ['brings other bytes', 'other'],
    ['breaks off', 'half'],
  ])('that %s makes no release, and says why', async (_, fault) => {
    s3.fault = () => fault
    const { code, stderr, made } = await bring()
    expect([code, made]).toEqual([codes.relay, []])
    expect(stderr.trim().split('\n').at(-1)).not.toBe('')
  })

  it('that has no end is cut off', async () => {
    s3.objects.set('more', Buffer.alloc(20_000_000))
    const { code, made } = await bring({ address: `${s3.endpoint}/acme/more?X-Amz-Signature=0f` })
    expect([code, made]).toEqual([codes.relay, []])
  })

  it('goes by nothing that its user has configured', async () => {
    const home = folder()
    mkdirSync(home, { recursive: true })
    for (const name of ['.curlrc', '.wgetrc'])
      writeFileSync(join(home, name), 'output = /nowhere/else\noutput_document = /nowhere/else\n')
    const dir = folder('bin')
    writeFileSync(join(dir, by), `#!/bin/sh\nHOME=${home} exec /usr/bin/${by} "$@"\n`, { mode: 0o755 })
    expect(await bring({}, `${dir}:`)).toMatchObject({ code: 0 })
  })
})

it('an address that could be read as more than one is not written into a configuration', () => {
  for (const address of ['http://a/"b', 'http://a/\nurl = x', 'http://a/ b', 'http://a\\b'])
    expect(() => downloadInput({ by: 'curl', address, sum: '', size: 1 })).toThrow('cannot be written')
})
