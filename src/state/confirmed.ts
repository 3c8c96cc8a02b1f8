import { isOurs } from '../release/id.js'
import { currentRelease } from './current.js'
import type { HostState } from './host-state.js'

/**
 * Releases that the fleet has once confirmed, by the mark or the record of any host: only these can be gone back to. What
 * another tool made (Capistrano) was served before us; in our naming, what has no seal is a deploy that died, unless it is served.
 */
export function confirmedReleases(states: readonly HostState[]): ReadonlySet<string> {
  const recorded = states.flatMap(({ fleet }) => (fleet === null ? [] : [fleet.release, fleet.previous]))
  const held = states.flatMap(({ releases }) => releases)
  const marked = held.filter(({ confirmed }) => confirmed)
  const sealed = new Set(held.filter(({ digest }) => digest !== null).map(({ id }) => id))
  const served = new Set(states.map(currentRelease))
  const foreign = held.filter(({ id }) => !sealed.has(id) && (!isOurs(id) || served.has(id)))
  return new Set([...recorded.filter(id => id !== null), ...[...marked, ...foreign].map(({ id }) => id)])
}
