import { createHash, randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { Arrival } from '../scripts/prepare/check-arrival.js'
import { type Store, StoreError } from './store.js'

/** An artifact as it lies in a store: what a host gets that has nothing of it yet. */
export interface StoredArtifact {
  /** The manifest's text, of which the digest is the hash. */
  readonly manifest: Uint8Array
  readonly payload: Arrival
}

/**
 * An artifact's files as one upload kept them. No other upload takes the name, which begins with the release that it was
 * made for: what is removed late removes nothing that came after it.
 */
export interface StoredCopy {
  readonly digest: string
  readonly name: string
}

const mostOfManifest = 256 << 20
const mostOfFacts = 1 << 20

/** sha256 (hex) of a payload's bytes, as it stands beside its facts. */
const fingerprint = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** How a payload is to be unpacked, without its bytes. */
const facts: z.ZodType<Omit<Arrival, 'data'>> = z.object({
  zip: z.enum(['gzip', 'zstd']),
  files: z.int().min(0),
  bytes: z.int().min(0),
  links: z.int().min(0),
  folders: z.int().min(0),
  names: z.array(z.string()).nullable(),
  entries: z.int().min(0),
  unlinked: z.int().min(0),
  sum: z.string().regex(/^[0-9a-f]{64}$/),
})

/** A copy that is whole and may be relied on, for nobody has condemned it; null: there is none. */
export async function findCopy(store: Store, app: string, digest: string): Promise<StoredCopy | null> {
  for (const copy of await wholeCopies(store, app, digest)) if (!(await isCondemned(store, app, copy))) return copy
  return null
}

/** Uploads an artifact under a name of its own. Returns it with the bytes that were sent. */
export async function putCopy(
  store: Store,
  app: string,
  { release, digest }: { readonly release: string; readonly digest: string },
  { manifest, payload }: StoredArtifact,
): Promise<{ readonly copy: StoredCopy; readonly bytes: number }> {
  const copy = { digest, name: `${release}-${randomBytes(8).toString('hex')}` }
  const { data, ...rest } = payload
  // The manifest comes last: without it, nothing is there.
  const parts = [
    ['payload', data],
    ['payload.json', Buffer.from(JSON.stringify({ ...rest, sha256: sha256Of(data) }))],
    ['manifest', manifest],
  ] as const
  for (const [name, bytes] of parts) await store.put(`${folderOf(app, copy)}/${name}`, bytes)
  return { copy, bytes: parts.reduce((sum, [, bytes]) => sum + bytes.length, 0) }
}

/**
 * Null: it is not there. Any copy will do that is whole, also a condemned one: whoever unpacks it verifies it against the
 * digest. `most`: bytes of the payload.
 */
export async function readArtifact(
  store: Store,
  app: string,
  digest: string,
  most: number,
): Promise<StoredArtifact | null> {
  const copies = await wholeCopies(store, app, digest)
  for (const copy of copies) {
    const found = await readCopy(store, app, copy, most)
    if (found !== null) return found
  }
  if (copies.length === 0) return null
  throw new StoreError(store.name, 'damaged', `holds an artifact ${digest.slice(0, 14)} of ${app} that is not whole.`)
}

async function readCopy(store: Store, app: string, copy: StoredCopy, most: number): Promise<StoredArtifact | null> {
  const of = (name: string) => `${folderOf(app, copy)}/${name}`
  const manifest = await store.read(of('manifest'), mostOfManifest)
  const [data, said] = [await store.read(of('payload'), most), await store.read(of('payload.json'), mostOfFacts)]
  const rest = said === null ? null : factsIn(said)
  return manifest === null || data === null || rest === null ? null : { manifest, payload: { ...rest, data } }
}

/** A payload without its bytes: where it lies, below the app, and what it has to be. */
export interface PlacedPayload {
  readonly key: string
  readonly sum: string
  readonly size: number
  readonly arrival: Omit<Arrival, 'data'>
}

/** Where the payload of a copy lies; null where the copy does not say what that has to be. */
export async function placedPayload(store: Store, app: string, copy: StoredCopy): Promise<PlacedPayload | null> {
  const folder = folderOf(app, copy)
  const [said, size] = await Promise.all([
    store.read(`${folder}/payload.json`, mostOfFacts),
    store.size(`${folder}/payload`),
  ])
  const [arrival, found] = said === null ? [null, null] : [factsIn(said), fingerprint.safeParse(jsonIn(said))]
  if (arrival === null || !found?.success || size === null) return null
  return { key: `${folder.slice(app.length + 1)}/payload`, sum: found.data.sha256, size, arrival }
}

/** Keeps the program that brings machines to a copy, beside it. Returns its key below the app. */
export async function putProgram(store: Store, app: string, copy: StoredCopy, program: string): Promise<string> {
  const bytes = Buffer.from(program)
  const key = `${folderOf(app, copy)}/boot-${sha256Of(bytes)}`
  await store.create(key, bytes)
  return key.slice(app.length + 1)
}

/** The release that a copy was made for; other releases of the same files have it, too. */
export function releaseOf({ name }: StoredCopy): string {
  return name.replace(/-[0-9a-f]{16}$/, '')
}

/** All copies of all artifacts of an app, also those that are not whole. */
export async function allCopies(store: Store, app: string): Promise<readonly StoredCopy[]> {
  return copiesIn(await store.list(`${app}/artifacts`))
}

/** Says that a copy is to be removed. It is never taken back: whoever has not begun to rely on it never will. */
export async function condemn(store: Store, app: string, copy: StoredCopy): Promise<void> {
  await store.create(markOf(app, copy), Buffer.alloc(0))
}

export async function isCondemned(store: Store, app: string, copy: StoredCopy): Promise<boolean> {
  return (await store.size(markOf(app, copy))) !== null
}

/** The key of a copy's payload, where that is said to be these very bytes: the same files may be packed otherwise. */
export async function payloadKey(
  store: Store,
  app: string,
  copy: StoredCopy,
  data: Uint8Array,
): Promise<string | null> {
  const said = await store.read(`${folderOf(app, copy)}/payload.json`, mostOfFacts)
  const found = said === null ? null : fingerprint.safeParse(jsonIn(said))
  return found?.success && found.data.sha256 === sha256Of(data) ? `${folderOf(app, copy)}/payload` : null
}

/** The manifest goes first: what is left then is no artifact. */
export async function removeCopy(store: Store, app: string, copy: StoredCopy): Promise<void> {
  const folder = folderOf(app, copy)
  const parts = ['manifest', 'payload.json', 'payload'].map(name => `${folder}/${name}`)
  const programs = (await store.list(folder)).filter(key => !parts.includes(key))
  for (const key of [...parts, ...programs]) await store.remove(key)
}

/** The copies of an artifact that are whole, also condemned ones. */
export async function wholeCopies(store: Store, app: string, digest: string): Promise<readonly StoredCopy[]> {
  const keys = await store.list(`${app}/artifacts/${hexOf(digest)}`)
  return copiesIn(keys.filter(key => key.endsWith('/manifest')))
}

function copiesIn(keys: readonly string[]): readonly StoredCopy[] {
  const folders = keys.flatMap(key => /\/artifacts\/([0-9a-f]{64}\/[^/]+)\/[^/]+$/.exec(key)?.[1] ?? [])
  return [...new Set(folders)].map(folder => {
    const [hex = '', name = ''] = folder.split('/')
    return { digest: `sha256:${hex}`, name }
  })
}

function folderOf(app: string, { digest, name }: StoredCopy): string {
  return `${app}/artifacts/${hexOf(digest)}/${name}`
}

function markOf(app: string, { digest, name }: StoredCopy): string {
  return `${app}/condemned/${hexOf(digest)}/${name}`
}

function hexOf(digest: string): string {
  return digest.replace('sha256:', '')
}

function sha256Of(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function factsIn(bytes: Uint8Array): Omit<Arrival, 'data'> | null {
  const found = facts.safeParse(jsonIn(bytes))
  return found.success ? found.data : null
}

/** Undefined: it is none. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
