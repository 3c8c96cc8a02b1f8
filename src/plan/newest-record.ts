import type { FleetRecord, HostState } from '../inventory/state.js'

/** The fleet's record that was written last, on whichever host; null: there is none. */
export function newestRecord(states: readonly HostState[]): FleetRecord | null {
  const records = states.flatMap(({ fleet }) => (fleet === null ? [] : [fleet]))
  return records.reduce<FleetRecord | null>((best, one) => (best === null || one.seq > best.seq ? one : best), null)
}
