import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  allCopies,
  condemn,
  findCopy,
  payloadKey,
  putCopy,
  readArtifact,
  releaseOf,
  removeCopy,
} from '../../src/store/artifacts.js'
import { openStore } from '../../src/store/open.js'
import type { Store } from '../../src/store/store.js'
import { artifact } from './artifact.js'

const digest = `sha256:${'a'.repeat(64)}`

let store: Store
beforeEach(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-store-'))
  store = await openStore({ kind: 'folder', dir })
  return () => rmSync(dir, { recursive: true, force: true })
})
const release = '20261202-120000-aaaaaaa'
const keep = async (at = store) => (await putCopy(at, 'shop', { release, digest }, artifact)).copy

describe('an artifact in a store', () => {
  it('comes back as it was put there', async () => {
    const { copy, bytes } = await putCopy(store, 'shop', { release, digest }, artifact)
    expect(bytes).toBeGreaterThan('manifesttree'.length)
    expect(await readArtifact(store, 'shop', digest, 100)).toEqual(artifact)
    expect(await findCopy(store, 'shop', digest)).toEqual(copy)
    expect(releaseOf(copy)).toBe(release)
  })

  it('has a name of its own for each upload', async () => {
    const copies = [await keep(), await keep()]
    expect(new Set(copies.map(({ name }) => name)).size).toBe(2)
    expect(await allCopies(store, 'shop')).toHaveLength(2)
  })

  it('is of one app', async () => {
    await keep()
    expect(await readArtifact(store, 'blog', digest, 100)).toBeNull()
    expect(await allCopies(store, 'blog')).toEqual([])
  })

  it('is not there before its manifest is, whatever came before a run died', async () => {
    const dying: Store = {
      ...store,
      put: (key, bytes) => (key.endsWith('/manifest') ? Promise.reject(new Error('died')) : store.put(key, bytes)),
    }
    await expect(keep(dying)).rejects.toThrow('died')
    expect(await findCopy(store, 'shop', digest)).toBeNull()
    expect(await readArtifact(store, 'shop', digest, 100)).toBeNull()
    expect(await allCopies(store, 'shop')).toHaveLength(1)
    const copy = await keep()
    expect(await findCopy(store, 'shop', digest)).toEqual(copy)
  })

  it('that is condemned is relied on by nobody, and another copy is', async () => {
    const [first, second] = [await keep(), await keep()]
    await condemn(store, 'shop', first)
    await condemn(store, 'shop', first)
    expect(await findCopy(store, 'shop', digest)).toEqual(second)
    await condemn(store, 'shop', second)
    expect(await findCopy(store, 'shop', digest)).toBeNull()
    expect(await readArtifact(store, 'shop', digest, 100)).toEqual(artifact)
  })

  it('comes from another copy where one is not whole any more', async () => {
    const [first] = [await keep(), await keep()]
    await store.remove(`shop/artifacts/${'a'.repeat(64)}/${first.name}/payload`)
    expect(await readArtifact(store, 'shop', digest, 100)).toEqual(artifact)
  })

  it('names its payload only where that is these very bytes', async () => {
    const copy = await keep()
    const keyFor = (data: Uint8Array) => payloadKey(store, 'shop', copy, data)
    const folder = `shop/artifacts/${'a'.repeat(64)}/${copy.name}`
    expect(await keyFor(artifact.payload.data)).toBe(`${folder}/payload`)
    expect(await keyFor(Buffer.from('trex'))).toBeNull()
    await store.put(`${folder}/payload.json`, Buffer.from('{'))
    expect(await keyFor(artifact.payload.data)).toBeNull()
    await store.remove(`${folder}/payload.json`)
    expect(await keyFor(artifact.payload.data)).toBeNull()
  })

  it('that is removed is gone, also where half of it was', async () => {
    const copy = await keep()
    await store.remove(`shop/artifacts/${'a'.repeat(64)}/${copy.name}/manifest`)
    expect(await allCopies(store, 'shop')).toEqual([copy])
    await removeCopy(store, 'shop', copy)
    await removeCopy(store, 'shop', copy)
    expect(await allCopies(store, 'shop')).toEqual([])
  })

  it.each([
    ['lost its files', (key: string) => store.remove(key), 'payload'],
    ['has facts that make no sense', (key: string) => store.put(key, Buffer.from('{"zip":"rar"}')), 'payload.json'],
  ])('that %s is damaged', async (_, damage, name) => {
    const copy = await keep()
    await damage(`shop/artifacts/${'a'.repeat(64)}/${copy.name}/${name}`)
    await expect(readArtifact(store, 'shop', digest, 100)).rejects.toMatchObject({ fault: 'damaged' })
  })
})
