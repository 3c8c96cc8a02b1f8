import { describe, expect, it, vi } from 'vitest'
import { probeStore } from '../../src/store/probe.js'
import { s3Store } from '../../src/store/s3.js'
import type { Store } from '../../src/store/store.js'
import { isHere } from '../support/installed.js'
import { onCeph } from '../support/on-ceph.js'
import { storeContract } from './contract.js'

describe.skipIf(!isHere('radosgw'))('a store in Ceph', () => {
  const ceph = onCeph()

  const open = (bucket = 'clones') =>
    s3Store({ kind: 's3', bucket, prefix: 'p', region: null, endpoint: ceph.endpoint })

  let one: Store | null = null
  storeContract(() => {
    one ??= open()
    return one
  })

  it('is fit', async () => {
    await probeStore(open(), 'shop')
    expect(await open().list('shop/probes')).toEqual([])
  })

  it('says that there is no such bucket', async () => {
    await expect(open('none').list('a')).rejects.toMatchObject({
      fault: 'denied',
      message: 'The store s3://none/p has no such bucket.',
    })
  })

  it('refuses a wrong key', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'WRONG')
    try {
      await expect(open().list('a')).rejects.toMatchObject({
        fault: 'denied',
        details: [expect.stringContaining('403')],
      })
    } finally {
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'SECRET')
    }
  })

  it.each([20, -20])('does not mind a clock that is %i minutes ahead', async minutes => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 60_000 })
    try {
      expect(await open().create(`clock/${minutes + 20}`, Buffer.from('1'))).toBe('created')
    } finally {
      vi.useRealTimers()
    }
  })
})
