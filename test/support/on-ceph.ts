import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, vi } from 'vitest'
import { type Radosgw, startRadosgw } from './radosgw.js'

/** Ceph for the tests of this `describe`: it has the bucket `clones`, and its credentials are in the environment. */
export function onCeph(): { readonly endpoint: string } {
  let ceph: Radosgw | null = null
  beforeAll(async () => {
    ceph = await startRadosgw()
    for (const [name, value] of Object.entries(ceph.env)) vi.stubEnv(name, value)
    const client = new S3Client({ endpoint: ceph.endpoint, forcePathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: 'clones' }))
    client.destroy()
  }, 300_000)
  afterAll(() => {
    vi.unstubAllEnvs()
    ceph?.stop()
  })
  return {
    get endpoint() {
      if (ceph === null) throw new Error('Ceph has not started yet')
      return ceph.endpoint
    },
  }
}
