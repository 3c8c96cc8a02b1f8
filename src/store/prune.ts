import { allCopies, condemn, removeCopy, type StoredCopy } from './artifacts.js'
import { type Generation, stageNumberIn } from './generation.js'
import { readGeneration } from './generations.js'
import { type Store, StoreError } from './store.js'
import { digestsKept } from './succession.js'

/** How many releases of a stage keep their files, whatever stages the app has. */
export type KeepOf = (stage: string) => number

/** What `pruneStore` would remove now. */
export async function storedLeftovers(store: Store, app: string, keep: KeepOf): Promise<readonly StoredCopy[]> {
  const copies = await allCopies(store, app)
  return unnamed(copies, await namedDigests(store, app, keep))
}

/**
 * Removes the files that no kept generation of any stage names, and tells of each copy that is gone: that says whether it is
 * to go on. Every copy is condemned first, and all generations are read after that: a run says what it brings, and then looks
 * whether its copy is condemned. So one of the two sees the other, however long either of them slept.
 */
export async function pruneStore(
  store: Store,
  app: string,
  keep: KeepOf,
  goesOn: (removed: StoredCopy) => boolean,
): Promise<void> {
  const condemned = await storedLeftovers(store, app, keep)
  for (const copy of condemned) await condemn(store, app, copy)
  if (condemned.length === 0) return
  for (const copy of unnamed(condemned, await namedDigests(store, app, keep))) {
    await removeCopy(store, app, copy)
    if (!goesOn(copy)) return
  }
}

function unnamed(copies: readonly StoredCopy[], named: ReadonlySet<string>): readonly StoredCopy[] {
  return copies.filter(({ digest }) => !named.has(digest))
}

/** What all stages of an app keep. Throws where a generation is not to be read: it may name anything. */
async function namedDigests(store: Store, app: string, keep: KeepOf): Promise<ReadonlySet<string>> {
  const named = new Set<string>()
  for (const [stage, numbers] of await numbersOf(store, app))
    for (const digest of await digestsOf(store, { app, stage }, numbers, keep(stage))) named.add(digest)
  return named
}

/** The numbers of all generations of each stage, ascending. */
async function numbersOf(store: Store, app: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>()
  for (const key of await store.list(`${app}/stages`)) {
    const one = stageNumberIn(key)
    if (one !== null) found.set(one.stage, [...(found.get(one.stage) ?? []), one.number])
  }
  return found
}

/** Reads generations, the newest first, until they have named enough. */
async function digestsOf(
  store: Store,
  of: { readonly app: string; readonly stage: string },
  numbers: readonly number[],
  keep: number,
): Promise<readonly string[]> {
  const read: Generation[] = []
  for (const number of [...numbers].reverse()) {
    const one = await readGeneration(store, of, number)
    if (one === null) throw gone(store, of.stage, number)
    read.push(one)
    if (digestsKept(read, keep).isEnough) break
  }
  return digestsKept(read, keep).digests
}

function gone(store: Store, stage: string, number: number): StoreError {
  return new StoreError(store.name, 'damaged', `has lost generation ${number} of ${stage} while it was read.`)
}
