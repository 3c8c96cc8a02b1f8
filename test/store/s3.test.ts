import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { s3Store } from '../../src/store/s3.js'
import type { Store } from '../../src/store/store.js'
import { anyCredentials, type Fault, type S3Server, startS3 } from '../support/s3-server.js'
import { storeContract } from './contract.js'

let s3: S3Server

beforeAll(async () => {
  s3 = await startS3()
  for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await s3.stop()
})
beforeEach(() => {
  s3.fault = () => null
})

const at = (endpoint: string) => ({ kind: 's3', bucket: 'b', prefix: 'p', region: null, endpoint }) as const
/** Does not wait long. */
const open = (endpoint = s3.endpoint) => s3Store(at(endpoint), { silence: 500, small: 60_000, slowest: 25 })
let patient: Store | null = null

describe('a store in S3', () => {
  storeContract(() => {
    patient ??= s3Store(at(s3.endpoint))
    return patient
  })

  it('keeps to its prefix', async () => {
    await open().put('only/here', Buffer.from('1'))
    expect([...s3.objects.keys()].filter(key => !key.startsWith('p/'))).toEqual([])
    expect(s3.objects.has('p/only/here')).toBe(true)
  })

  it.each<[string, Fault, string, string]>([
    ['refuses', 403, 'denied', 'The store s3://b/p refused the credentials, or what they may do.'],
    [
      'cannot create on a condition',
      501,
      'unfit',
      'The store s3://b/p cannot create an object on the condition that there is none.',
    ],
    ['has an error', 500, 'failing', 'The store s3://b/p answered 500.'],
    ['is busy', 503, 'failing', 'The store s3://b/p answered 503.'],
    ['has a conflict', 409, 'failing', 'The store s3://b/p answered 409.'],
    ['is silent', 'silent', 'away', 'The store s3://b/p does not answer.'],
  ])('that %s says so', async (_, fault, kind, message) => {
    s3.fault = () => fault
    await expect(open().create('faults/a', Buffer.from('1'))).rejects.toMatchObject({ fault: kind, message })
  })

  it('that nobody listens at does not answer', async () => {
    await expect(open('http://127.0.0.1:1').list('a')).rejects.toMatchObject({
      fault: 'away',
      details: [expect.stringContaining('ECONNREFUSED')],
    })
  })

  it('signs an address at which whoever has it can read the object', async () => {
    await open().put('signed/a', Buffer.from('one'))
    const address = (await open().address?.('signed/a', 900)) ?? ''
    expect(await (await fetch(address)).text()).toBe('one')
    const asked = Object.fromEntries(new URL(address).searchParams)
    expect(asked).toMatchObject({ 'X-Amz-Expires': '900', 'X-Amz-SignedHeaders': 'host' })
    expect(asked['X-Amz-Signature']).toMatch(/^[0-9a-f]{64}$/)
  })

  it('gives no half of an object', async () => {
    await open().put('half/a', Buffer.alloc(100_000, 'x'))
    s3.fault = () => 'half'
    await expect(open().read('half/a', 200_000)).rejects.toMatchObject({ name: 'StoreError', fault: 'away' })
  })

  it.each([
    ['small', 100],
    ['large', 20_000_000],
  ])('is given up when it takes too long over an object that is %s', async (_, bytes) => {
    s3.fault = () => 'busy'
    const store = s3Store(at(s3.endpoint), { silence: 1000, small: 1500, slowest: 40_000 })
    const began = performance.now()
    for (const act of ['put', 'create'] as const)
      await expect(store[act]('busy/b', Buffer.alloc(bytes))).rejects.toMatchObject({
        fault: 'away',
        details: [expect.stringContaining('no answer in time')],
      })
    const ms = performance.now() - began
    expect(ms).toBeGreaterThan(2 * 1500)
    expect(ms).toBeLessThan(2 * 2000 + 2000)
    store.close()
  })

  it('is asked again by the SDK when it is busy for a moment', async () => {
    s3.fault = (_, nth) => (nth === 1 ? 503 : null)
    s3.asked.length = 0
    expect(await open().create('busy/a', Buffer.from('1'))).toBe('created')
    expect(s3.asked.filter(({ method }) => method === 'PUT')).toHaveLength(2)
  })
})
