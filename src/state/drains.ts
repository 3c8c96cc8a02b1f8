import { seqAfter } from '../release/id.js'
import type { DrainRecord, HostState } from './host-state.js'

type Drains = Pick<HostState, 'drained'>

/** What a run noted before it drained hosts, and did not bring to its end; null: there is no such run. */
export function openDrains(states: readonly Drains[]): DrainRecord | null {
  const records = recordsOf(states)
  const newest = records.reduce<DrainRecord | null>(
    (best, one) => (best === null || one.seq > best.seq ? one : best),
    null,
  )
  const over = records.some(({ seq, over: ended }) => seq === newest?.seq && ended === true)
  return over ? null : newest
}

/** Goes before every record that any host holds. */
export function nextDrains(states: readonly Drains[]): number {
  return seqAfter(Math.max(0, ...recordsOf(states).map(({ seq }) => seq)))
}

/** `BALANCER HOST` */
export function placeIn(balancer: string, host: string): string {
  return `${balancer} ${host}`
}

/** Whether a server that is not ready was taken out by somebody else: what no run did, no run undoes. */
export function isOthers(state: 'ready' | 'drain' | 'maint' | 'unknown', place: string, record: DrainRecord | null) {
  if (state === 'ready' || state === 'unknown') return false
  return state === 'maint' || record === null || record.out.includes(place)
}

function recordsOf(states: readonly Drains[]): readonly DrainRecord[] {
  return states.flatMap(({ drained }) => (drained === null ? [] : [drained]))
}
