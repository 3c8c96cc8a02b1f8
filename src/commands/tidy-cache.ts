import { pruneCache } from '../build/prune.js'
import type { Context } from './context.js'
import { lastDigests } from './known.js'
import type { Fleet } from './survey.js'

/**
 * Removes the artifacts that no host holds any more, after a deploy: what the hosts held before it is kept, and what other
 * stages serve. What cannot be removed must not stop what is done.
 */
export function tidyCache(context: Context, fleet: Fleet): void {
  const held = fleet.flatMap(({ state }) => state.releases.flatMap(({ digest }) => digest ?? []))
  try {
    pruneCache(context.cacheDir, [...held, ...lastDigests(context)])
  } catch {}
}
