import type { StageOf } from './generations.js'
import type { Store } from './store.js'

/** Keeps what hosts of a transaction are to fetch, under a key of its own until they have it. */
export async function putParcel(
  store: Store,
  of: StageOf & { readonly tx: string },
  number: number,
  bytes: Uint8Array,
): Promise<string> {
  const key = `${folderOf(of)}/${of.tx}/${number}`
  await store.put(key, bytes)
  return key
}

/** Removes the parcels of a stage, also what a run that died has left: nobody else is at work there while one is announced. */
export async function removeParcels(store: Store, of: StageOf): Promise<void> {
  for (const key of await store.list(folderOf(of))) await store.remove(key)
}

function folderOf({ app, stage }: StageOf): string {
  return `${app}/stages/${stage}/parcels`
}
