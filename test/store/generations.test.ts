import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Generation, generationKey, parseGeneration } from '../../src/store/generation.js'
import { createGeneration, isSame, newestGeneration, readGeneration } from '../../src/store/generations.js'
import { probeStore } from '../../src/store/probe.js'
import { s3Store } from '../../src/store/s3.js'
import { anyCredentials, type Fault, type S3Server, startS3 } from '../support/s3-server.js'
import { generation } from './generation.js'

let s3: S3Server

beforeAll(async () => {
  for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
})
beforeEach(async () => {
  s3 = await startS3()
  return () => s3.stop()
})
afterAll(() => vi.unstubAllEnvs())

const open = () =>
  s3Store(
    { kind: 's3', bucket: 'b', prefix: '', region: null, endpoint: s3.endpoint },
    { silence: 300, small: 1500, slowest: 25 },
  )
const of = { app: 'shop', stage: 'production' }
const mine = generation({ number: 3, tx: 'mine' })
const theirs = generation({ number: 3, tx: 'theirs' })
const key = generationKey(of, 3)
const withClone = (value: string) =>
  JSON.stringify({ ...mine, target: { ...mine.target, clone: { x: 'VALUE' } } }).replace('"VALUE"', value)
const keep = (one: Generation) => s3.objects.set(key, Buffer.from(JSON.stringify(one)))

describe('a generation', () => {
  it('is created under its number', async () => {
    expect(await createGeneration(open(), mine)).toEqual(mine)
    expect([...s3.objects.keys()]).toEqual(['shop/stages/production/generations/0000000003'])
    expect(await newestGeneration(open(), of)).toEqual(mine)
  })

  it('is the newest by its number', async () => {
    for (const number of [9, 10, 2]) await createGeneration(open(), generation({ number }))
    expect((await newestGeneration(open(), of))?.number).toBe(10)
  })

  it('is told apart from that of another run which was first', async () => {
    keep(theirs)
    expect(isSame(await createGeneration(open(), mine), mine)).toBe(false)
    expect(await readGeneration(open(), of, 3)).toEqual(theirs)
  })

  it.each<[string, Fault]>([
    ['a conflict', 409],
    ['an error', 500],
    ['a lost answer', 'lost'],
    ['silence', 'silent'],
  ])('is created by the next try after %s', async (_, fault) => {
    s3.fault = ({ method }, nth) => (method === 'PUT' && nth === 1 ? fault : null)
    expect(isSame(await createGeneration(open(), mine), mine)).toBe(true)
    expect(await readGeneration(open(), of, 3)).toEqual(mine)
  })

  it.each<[string, Fault]>([
    ['conflicts', 409],
    ['errors', 500],
  ])('of another run is found behind %s without end', async (_, fault) => {
    keep(theirs)
    s3.fault = ({ method }) => (method === 'PUT' ? fault : null)
    expect(await createGeneration(open(), mine)).toEqual(theirs)
  })

  it('that was created is ours, though no create was ever answered', async () => {
    s3.fault = ({ method }) => (method === 'PUT' ? 'lost' : null)
    expect(await createGeneration(open(), mine)).toEqual(mine)
  })

  it('is not known where nothing is answered', async () => {
    s3.fault = () => 409
    await expect(createGeneration(open(), mine)).rejects.toMatchObject({ name: 'StoreError', fault: 'failing' })
  })

  it.each<[Fault, string]>([
    [403, 'denied'],
    [501, 'unfit'],
  ])('is not asked for again after %j', async (fault, kind) => {
    s3.fault = ({ method }) => (method === 'PUT' ? fault : null)
    await expect(createGeneration(open(), mine)).rejects.toMatchObject({ fault: kind })
    expect(s3.asked.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  })

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['another number', JSON.stringify({ ...mine, number: 4 })],
    ['that of another stage', JSON.stringify({ ...mine, stage: 'staging' })],
    ['that of another app', JSON.stringify({ ...mine, app: 'blog' })],
    ['a release that leads elsewhere', JSON.stringify({ ...mine, target: { ...mine.target, release: '../../x' } })],
    ['no digest', JSON.stringify({ ...mine, target: { ...mine.target, digest: 'sha256:1' } })],
    ['an unknown state', JSON.stringify({ ...mine, state: 'perhaps' })],
    ['more than a number can be', withClone('1e999')],
    ['deeper than a program can go', withClone(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)],
  ])('that is %s is not believed', async (_, bytes) => {
    s3.objects.set(key, Buffer.from(bytes as string))
    await expect(newestGeneration(open(), of)).rejects.toMatchObject({ name: 'StoreError', fault: 'damaged' })
  })

  it('moves no cursor', () => {
    const bytes = Buffer.from(JSON.stringify({ ...mine, by: 'anna\u001b[2J\n' }))
    expect(parseGeneration(bytes, 3, of)).toMatchObject({ by: 'anna\\x1b[2J\\x0a' })
  })
})

describe('the probe', () => {
  it('finds nothing wrong with a store that keeps its word, and leaves nothing there', async () => {
    await probeStore(open(), 'shop')
    expect([...s3.objects.keys()]).toEqual([])
  })

  it('refuses a store that ignores the condition', async () => {
    s3.fault = () => 'unconditional'
    await expect(probeStore(open(), 'shop')).rejects.toMatchObject({
      fault: 'unfit',
      message:
        'The store s3://b lets a second create replace the first: it ignores If-None-Match, so two deploys could both win.',
    })
    expect([...s3.objects.keys()]).toEqual([])
  })

  it.each<[Fault, string]>([
    [501, 'unfit'],
    [403, 'denied'],
    [500, 'failing'],
  ])('refuses a store that answers %j', async (fault, kind) => {
    s3.fault = ({ method }) => (method === 'PUT' ? fault : null)
    await expect(probeStore(open(), 'shop')).rejects.toMatchObject({ fault: kind })
  })
})
