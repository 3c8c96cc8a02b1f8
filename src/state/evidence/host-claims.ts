import { isOlder } from '../../release/id.js'
import { unconfirmed } from '../../release/retention.js'
import type { FleetRecord, HostState } from '../host-state.js'
import { inDoubt } from '../preflight.js'
import { currentEntry, currentRelease } from '../releases.js'

/** What a host says that the fleet is to serve. */
export interface Word {
  readonly host: string
  readonly record: FleetRecord
}

/** Every host's word: its record of the fleet, or the run that it has confirmed since. Where nobody has either, what each serves. */
export function wordsOf(states: readonly HostState[]): readonly Word[] {
  const records = states.map(state => confirmedSince(state, states) ?? state.fleet)
  const said = records.some(record => record !== null) ? records : states.map(servedRecord)
  return states.flatMap(({ name }, i) => {
    const record = said[i] ?? null
    return record === null ? [] : [{ host: name, record }]
  })
}

/** A run that this host has confirmed and another has not: its record may not have been written. */
function confirmedSince(state: HostState, states: readonly HostState[]): FleetRecord | null {
  const { fleet, transactions } = state
  const isOpen = (id: string) =>
    states.some(one => one.transactions.some(other => other.id === id && other.outcome !== 'confirmed'))
  const last = transactions.find(({ id, outcome }) => outcome === 'confirmed' && fleet?.tx !== id && isOpen(id))
  if (last === undefined || last.next === null) return null
  return { ...recordOf(state, last.next, (fleet?.seq ?? 0) + 1), previous: fleet?.release ?? null, tx: last.id }
}

/** What a run has swapped and nobody has decided on says nothing of what the fleet is to serve. */
function servedRecord(state: HostState): FleetRecord | null {
  const release = currentRelease(state)
  return release === null || inDoubt(state).length > 0 ? null : recordOf(state, release, 0)
}

function recordOf({ releases }: HostState, release: string, seq: number): FleetRecord {
  const entry = releases.find(({ id }) => id === release)
  return { seq, release, digest: entry?.digest ?? null, previous: null, by: entry?.by ?? '', at: entry?.at ?? '' }
}

/** Whether this is only what hosts were found to serve, deployed by another tool: it may differ, and nobody can bring it to others. */
export function isBeforeUs({ seq, digest }: FleetRecord): boolean {
  return seq === 0 && digest === null
}

/** Whether both tell of the same run, whatever number they give it. */
export function isSame(one: FleetRecord, other: FleetRecord): boolean {
  return isWhat(one, other) && one.tx === other.tx
}

export function isWhat(one: Pick<FleetRecord, 'release' | 'digest'>, { release, digest }: FleetRecord): boolean {
  return one.release === release && one.digest === digest
}

/** By the time that a transaction's id begins with; older records have none, and go by their release. */
export function isEarlier(one: FleetRecord, than: FleetRecord): boolean {
  if (one.tx === undefined || than.tx === undefined) return isOlder(one.release, than.release)
  return one.tx < than.tx
}

export function serves(state: HostState, record: FleetRecord): boolean {
  return currentRelease(state) === record.release && (currentEntry(state)?.digest ?? null) === record.digest
}

/**
 * Whether a host was left by the run of a record: it swapped to that very release and did not hear of the end, or still
 * holds the release that the run brought it.
 */
export function tookPart({ transactions, releases }: HostState, { release, digest, tx }: FleetRecord): boolean {
  const entry = releases.find(({ id }) => id === release)
  if (tx === undefined || entry === undefined || entry.digest !== digest) return false
  const isLeft = transactions.some(
    one => one.id === tx && one.next === release && ['swapped', 'back', 'unserved'].includes(one.state),
  )
  return isLeft || (entry.tx === tx && (entry.bad === null || entry.bad === unconfirmed))
}

/** A record that several hosts keep, with as much of the rest as two of them say alike. */
export function agreed(records: readonly FleetRecord[]): FleetRecord {
  const [{ hosts: _, ...first }] = records as readonly [FleetRecord]
  const [previous = null] = saidTwice(records.map(record => [record.previous]))
  const hosts = saidTwice(records.map(record => record.hosts ?? []))
  const excluded = saidTwice(records.map(record => record.excluded ?? []))
  return { ...first, previous, excluded, ...(hosts.length === 0 ? {} : { hosts }) }
}

/** The values that are in two of these lists, each once. */
function saidTwice<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const texts = lists.map(list => new Set(list.map(value => JSON.stringify(value))))
  const shared = texts.flatMap(set => [...set].filter(text => texts.some(other => other !== set && other.has(text))))
  return [...new Set(shared)].map(text => JSON.parse(text))
}
