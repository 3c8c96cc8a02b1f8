import type { FleetRecord, HostState } from '../host-state.js'
import { agreed, isEarlier, isSame, isWhat, serves, tookPart, type Word, wordsOf } from './host-claims.js'

/** What is known here of a fleet beside what its hosts say. */
export interface Known {
  /** The fleet's records that runs from here have written. */
  readonly records: readonly FleetRecord[]
  /** The host whose word the user takes; null: nobody's. */
  readonly trusted: string | null
}

export const nothingKnown: Known = { records: [], trusted: null }

export interface Vouched {
  /** What the fleet is to serve; null: nobody says, or one host alone. */
  readonly record: FleetRecord | null
  /** Hosts that alone say something newer, to which others would have to move. */
  readonly alone: readonly Word[]
}

/**
 * What the fleet is to serve, as far as more than one host's word bears it out: two say the same, a run from here recorded
 * it, or another host took part in that very run and was left by it. A word to which nobody would have to move needs no
 * other. The number of a word counts only as far as that reaches, so no single host takes the fleet on, nor back. Of
 * `silent` hosts (they are new) no word counts, and they would have to move.
 */
export function vouched(
  states: readonly HostState[],
  known: Known = nothingKnown,
  silent: ReadonlySet<string> = new Set(),
): Vouched {
  const words = wordsOf(states.filter(({ name }) => !silent.has(name)))
  const trusted = words.find(({ host }) => host === known.trusted)
  if (trusted !== undefined) return { record: trusted.record, alone: [] }
  const borne = words.map(word => borneOut(word, words, states, known)).reduce(later, null)
  const ahead = words.filter(word => isAhead(word, borne, words))
  const alone = ahead.filter(word => isMoving(word, words, states))
  const [harmless] = ahead
  return { record: (alone.length > 0 ? null : harmless?.record) ?? borne?.record ?? null, alone }
}

/** A record, the number up to which it is borne out, and how many hosts say it. */
interface Borne {
  readonly seq: number
  readonly hosts: number
  readonly record: FleetRecord
}

function later(one: Borne | null, other: Borne | null): Borne | null {
  if (one === null || other === null) return one ?? other
  if (other.seq !== one.seq) return other.seq > one.seq ? other : one
  if (other.hosts !== one.hosts) return other.hosts > one.hosts ? other : one
  return isEarlier(one.record, other.record) ? other : one
}

/** Whether a word is of something else than what is borne out, and not before it; where nothing is, whether none goes before it. */
function isAhead({ host, record }: Word, borne: Borne | null, words: readonly Word[]): boolean {
  if (borne === null) return words.every(word => word.record.seq <= record.seq)
  if (isWhat(record, borne.record) || record.seq === 0) return false
  if (record.seq !== borne.seq) return record.seq > borne.seq
  const isLeftOut = borne.record.excluded?.some(one => one.host === host) ?? false
  return !isLeftOut && !isEarlier(record, borne.record)
}

function borneOut(word: Word, words: readonly Word[], states: readonly HostState[], known: Known): Borne | null {
  const own = known.records.find(record => isSame(record, word.record))
  const group = words.filter(({ record }) => isSame(record, word.record)).map(({ record }) => record)
  const hosts = group.length
  const [, second] = group.map(({ seq }) => seq).sort((a, b) => b - a)
  if (own !== undefined && own.seq >= (second ?? 0)) return { seq: own.seq, hosts, record: own }
  if (second !== undefined) return { seq: second, hosts, record: agreed(group) }
  return isLeft(word, words, states) ? { seq: word.record.seq, hosts, record: word.record } : null
}

/** Whether another host was left by the run that this word tells of, and nobody has heard of a later one. */
function isLeft({ host, record }: Word, words: readonly Word[], states: readonly HostState[]): boolean {
  const others = words.filter(word => !isSame(word.record, record))
  return (
    others.every(word => isEarlier(word.record, record)) &&
    states.some(state => state.name !== host && tookPart(state, record))
  )
}

/** Whether a host that says otherwise would have to move. */
function isMoving({ record }: Word, words: readonly Word[], states: readonly HostState[]): boolean {
  const saying = words.filter(word => isSame(word.record, record)).map(({ host }) => host)
  return states.some(state => !saying.includes(state.name) && !serves(state, record))
}
