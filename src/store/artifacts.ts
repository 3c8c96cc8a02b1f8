import * as z from 'zod'
import type { Arrival } from '../scripts/prepare/check-arrival.js'
import { type Store, StoreError } from './store.js'

/** An artifact as it lies in a store: what a host gets that has nothing of it yet. */
export interface StoredArtifact {
  /** The manifest's text, of which the digest is the hash. */
  readonly manifest: Uint8Array
  readonly payload: Arrival
}

const mostOfManifest = 256 << 20
const mostOfFacts = 1 << 20

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

/** The manifest comes last: without it, nothing is there. */
export async function holdsArtifact(store: Store, app: string, digest: string): Promise<boolean> {
  return (await store.size(`${folderOf(app, digest)}/manifest`)) !== null
}

/** Uploads an artifact, unless it is there. Returns the bytes that were sent; null: it is not there, and nowhere else. */
export async function putArtifact(
  store: Store,
  app: string,
  digest: string,
  artifact: () => Promise<StoredArtifact | null>,
): Promise<number | null> {
  if (await holdsArtifact(store, app, digest)) return 0
  const found = await artifact()
  if (found === null) return null
  const { manifest, payload } = found
  const { data, ...rest } = payload
  const parts = [
    ['payload', data],
    ['payload.json', Buffer.from(JSON.stringify(rest))],
    ['manifest', manifest],
  ] as const
  for (const [name, bytes] of parts) await store.put(`${folderOf(app, digest)}/${name}`, bytes)
  return parts.reduce((sum, [, bytes]) => sum + bytes.length, 0)
}

/** Null: it is not there. Whoever unpacks it verifies it against the digest. `most`: bytes of the payload. */
export async function readArtifact(
  store: Store,
  app: string,
  digest: string,
  most: number,
): Promise<StoredArtifact | null> {
  const of = (name: string) => `${folderOf(app, digest)}/${name}`
  const manifest = await store.read(of('manifest'), mostOfManifest)
  if (manifest === null) return null
  const [data, said] = [await store.read(of('payload'), most), await store.read(of('payload.json'), mostOfFacts)]
  const rest = said === null ? null : factsIn(said)
  if (data === null || rest === null)
    throw new StoreError(store.name, 'damaged', `holds an artifact ${digest.slice(0, 14)} of ${app} that is not whole.`)
  return { manifest, payload: { ...rest, data } }
}

/** The digests of all artifacts of an app, also of those that are not whole. */
export async function artifactDigests(store: Store, app: string): Promise<readonly string[]> {
  const names = (await store.list(`${app}/artifacts`)).flatMap(
    key => /\/artifacts\/([0-9a-f]{64})\//.exec(key)?.[1] ?? [],
  )
  return [...new Set(names)].map(hex => `sha256:${hex}`)
}

/** The manifest goes first: what is left then is no artifact. */
export async function removeArtifact(store: Store, app: string, digest: string): Promise<void> {
  for (const name of ['manifest', 'payload.json', 'payload']) await store.remove(`${folderOf(app, digest)}/${name}`)
}

function folderOf(app: string, digest: string): string {
  return `${app}/artifacts/${digest.replace('sha256:', '')}`
}

function factsIn(bytes: Uint8Array): Omit<Arrival, 'data'> | null {
  try {
    return facts.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch {
    return null
  }
}
