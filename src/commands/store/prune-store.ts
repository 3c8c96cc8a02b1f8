import { unlessStopped } from '../../fleet/stop.js'
import { releaseOf, type StoredCopy } from '../../store/artifacts.js'
import { newestGeneration } from '../../store/generations.js'
import { type KeepOf, pruneStore, storedLeftovers } from '../../store/prune.js'
import { StoreError } from '../../store/store.js'
import type { Context } from '../context/context.js'
import { orInterrupt } from '../context/read-fleet.js'

/** What was removed of a store, or would be. */
export interface PrunedStore {
  readonly name: string
  readonly removed: readonly { readonly release: string; readonly digest: string }[]
  /** What kept the rest of it there; null: nothing did. */
  readonly error: string | null
}

/**
 * Removes from the store what no stage keeps. Null: there is none, or only some hosts are pruned. Other stages of the app
 * keep what the configuration says, however few are asked for here.
 */
export async function pruneStored(context: Context, keep: number, dryRun: boolean): Promise<PrunedStore | null> {
  const { store, hosts, config } = context
  if (store.name === null || hosts.length < config.hosts.length) return null
  const ofStage: KeepOf = stage => (stage === config.stage ? keep : Math.max(keep, config.keepReleases))
  const work = prune(context, store.name, ofStage, dryRun)
  return dryRun ? orInterrupt(context, work) : work
}

async function prune(context: Context, name: string, keep: KeepOf, dryRun: boolean): Promise<PrunedStore> {
  const { store, config, io } = context
  const copies: StoredCopy[] = []
  const told = (error: string | null) => ({
    name,
    removed: copies.map(copy => ({ release: releaseOf(copy), digest: copy.digest })),
    error,
  })
  try {
    const [checked, open] = [await store.open(), await store.unchecked()]
    if (checked === null || open === null) return told(null)
    await newestGeneration(checked, config)
    if (dryRun) {
      copies.push(...(await storedLeftovers(open, config.app, keep)))
      return told(null)
    }
    const goesOn = (copy: StoredCopy) => copies.push(copy) > 0 && io.stop.reason() === null
    const done = await unlessStopped(io.stop, pruneStore(open, config.app, keep, goesOn))
    const stopped = done === undefined ? io.stop.reason() : done.stopped
    return told(stopped === null ? null : `${stopped}: one more may be gone, and the rest stays.`)
  } catch (error) {
    if (error instanceof StoreError) return told(error.message)
    throw error
  }
}
