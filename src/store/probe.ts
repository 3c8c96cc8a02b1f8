import { randomBytes } from 'node:crypto'
import { type Store, StoreError } from './store.js'

/**
 * Whether a store does what clonedeploy needs of it: list, create, refuse the second create, read back, remove. Throws
 * StoreError where it does not; leaves nothing there.
 */
export async function probeStore(store: Store, app: string): Promise<void> {
  await store.list(`${app}/stages`)
  const key = `${app}/probes/${randomBytes(16).toString('hex')}`
  const [first, second] = [Buffer.from('first'), Buffer.from('second')]
  try {
    if ((await store.create(key, first)) !== 'created') throw unfit(store, 'says of a new key that it has an object.')
    if ((await store.create(key, second)) !== 'taken')
      throw unfit(
        store,
        'lets a second create replace the first: it ignores If-None-Match, so two deploys could both win.',
      )
    const found = await store.read(key, 100)
    if (found === null || !first.equals(found)) throw unfit(store, 'does not give back what was put there.')
  } finally {
    await store.remove(key).catch(() => {})
  }
}

function unfit(store: Store, reason: string): StoreError {
  return new StoreError(store.name, 'unfit', reason, {
    details: ['a store has to refuse a second create with 412: AWS S3, Cloudflare R2, Ceph, MinIO and SeaweedFS do'],
    next: ['use another store, or leave "store" out of the config'],
  })
}
