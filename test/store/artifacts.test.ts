import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  artifactDigests,
  holdsArtifact,
  putArtifact,
  readArtifact,
  removeArtifact,
  type StoredArtifact,
} from '../../src/store/artifacts.js'
import { openStore } from '../../src/store/open.js'
import type { Store } from '../../src/store/store.js'

const digest = `sha256:${'a'.repeat(64)}`
const artifact: StoredArtifact = {
  manifest: Buffer.from('manifest'),
  payload: {
    data: Buffer.from('tree'),
    zip: 'gzip',
    files: 1,
    bytes: 4,
    links: 0,
    folders: 0,
    names: ['./a'],
    entries: 1,
    unlinked: 1,
    sum: 'b'.repeat(64),
  },
}

let store: Store
beforeEach(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-store-'))
  store = await openStore({ kind: 'folder', dir })
  return () => rmSync(dir, { recursive: true, force: true })
})
const keep = (what = async () => artifact) => putArtifact(store, 'shop', digest, what)

describe('an artifact in a store', () => {
  it('comes back as it was put there', async () => {
    expect(await keep()).toBeGreaterThan(0)
    expect(await readArtifact(store, 'shop', digest, 100)).toEqual(artifact)
    expect(await artifactDigests(store, 'shop')).toEqual([digest])
  })

  it('is uploaded once, and not even made again', async () => {
    await keep()
    expect(await keep(() => Promise.reject(new Error('made again')))).toBe(0)
  })

  it('is of one app', async () => {
    await keep()
    expect(await readArtifact(store, 'blog', digest, 100)).toBeNull()
  })

  it('is not there before its manifest is, whatever came before a run died', async () => {
    const dying: Store = {
      ...store,
      put: (key, bytes) => (key.endsWith('/manifest') ? Promise.reject(new Error('died')) : store.put(key, bytes)),
    }
    await expect(putArtifact(dying, 'shop', digest, async () => artifact)).rejects.toThrow('died')
    expect(await holdsArtifact(store, 'shop', digest)).toBe(false)
    expect(await readArtifact(store, 'shop', digest, 100)).toBeNull()
    expect(await keep()).toBeGreaterThan(0)
  })

  it('that is removed is gone, also where half of it was', async () => {
    await keep()
    await removeArtifact(store, 'shop', digest)
    await removeArtifact(store, 'shop', digest)
    expect(await artifactDigests(store, 'shop')).toEqual([])
  })

  it.each([
    ['lost its files', (key: string) => store.remove(key), 'payload'],
    ['has facts that make no sense', (key: string) => store.put(key, Buffer.from('{"zip":"rar"}')), 'payload.json'],
  ])('that %s is damaged', async (_, damage, name) => {
    await keep()
    await damage(`shop/artifacts/${'a'.repeat(64)}/${name}`)
    await expect(readArtifact(store, 'shop', digest, 100)).rejects.toMatchObject({ fault: 'damaged' })
  })
})
