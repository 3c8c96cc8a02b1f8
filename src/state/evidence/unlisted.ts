import { listed } from '../../text/phrases.js'
import type { FleetRecord } from '../host-state.js'

/** A longer inventory is not recorded. */
export const mostHosts = 1000

/** The hosts that the fleet's record names and the inventory has no more, in the order of the record. */
export function unlisted(record: FleetRecord | null, inventory: readonly string[]): readonly string[] {
  const here = new Set(inventory)
  return [...new Set(record?.hosts ?? [])].filter(name => !here.has(name))
}

/** What to say of them: one sentence, or none. Nobody knows what became of them. */
export function unlistedTexts(gone: readonly string[]): readonly string[] {
  if (gone.length === 0) return []
  const are = gone.length === 1 ? 'is no longer listed: it was' : 'are no longer listed: they were'
  return [`${listed(gone, 10)} ${are} in the inventory at the last run, and what runs there stays as it is`]
}

/** Whether an inventory has lost so much of the fleet that it may be wrong itself. */
export function isMostLost(record: FleetRecord | null, gone: readonly string[]): boolean {
  return gone.length * 2 > new Set(record?.hosts ?? []).size
}
