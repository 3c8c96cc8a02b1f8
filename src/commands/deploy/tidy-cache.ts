import { pruneCache } from '../../artifact/cache/prune.js'
import type { Context } from '../context/context.js'
import type { Fleet } from '../context/survey.js'
import { lastDigests } from '../repair/known.js'

/** Removes old artifacts after a deploy, and none that its hosts held or a stage got lately. What cannot be removed stays. */
export function tidyCache(context: Context, fleet: Fleet): void {
  const held = fleet.flatMap(({ state }) => state.releases.flatMap(({ digest }) => digest ?? []))
  try {
    pruneCache(context.cacheDir, [...held, ...lastDigests(context)])
  } catch {}
}
