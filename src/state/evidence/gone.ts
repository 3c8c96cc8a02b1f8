import type { Host } from '../../inventory/host.js'
import { counted, listed } from '../../text/phrases.js'
import type { FleetRecord } from '../host-state.js'
import { isMostLost, unlisted } from './unlisted.js'

/** A host as an inventory lists it. */
export type Listed = Pick<Host, 'name' | 'host' | 'port'>

/** What is known of hosts that a run has lost: they do not answer, and the command that lists the hosts was asked again. */
export interface Loss {
  /** The inventory at the beginning of the run, and now. */
  readonly before: readonly Listed[]
  readonly now: readonly Listed[]
  /** Hosts that do not answer. */
  readonly lost: readonly string[]
  /** The other hosts of the run: they are at work in it. */
  readonly present: readonly string[]
  readonly record: FleetRecord | null
  /** How many hosts a person said may be gone from what the fleet's record names. */
  readonly allowed: number
}

/**
 * Why a run may not go on without the hosts that it lost, in words; null: all of them are gone by evidence. A list proves
 * nothing that still names one, under whatever name, that has lost a host which answers, or that has lost half of the
 * inventory: it may be the list that is wrong, or cut off from as much as we are.
 */
export function doubtOf(loss: Loss): string | null {
  return stillListed(loss) ?? unlistedAtWork(loss) ?? tooManyGone(loss)
}

function stillListed({ before, now, lost }: Loss): string | null {
  for (const name of lost) {
    const was = before.find(one => one.name === name)
    const is = now.find(one => one.name === name || (was !== undefined && isSameMachine(one, was)))
    if (is !== undefined) return is.name === name ? `${name} is still listed` : `${name} is still listed, as ${is.name}`
  }
  return null
}

function isSameMachine(one: Listed, other: Listed): boolean {
  return one.host.toLowerCase() === other.host.toLowerCase() && (one.port ?? 22) === (other.port ?? 22)
}

function unlistedAtWork({ now, present }: Loss): string | null {
  const missing = present.filter(name => now.every(one => one.name !== name))
  if (missing.length === 0) return null
  return `it does not list ${listed(missing, 10)} either, and ${missing.length === 1 ? 'that answers' : 'these answer'}`
}

function tooManyGone({ before, now, record, allowed }: Loss): string | null {
  const names = now.map(({ name }) => name)
  const missing = before.filter(({ name }) => !names.includes(name)).length
  if (missing * 2 >= before.length)
    return `it lists ${before.length - missing} of ${counted(before.length, 'host')} any more, and a run goes on only while fewer than half are gone`
  const gone = unlisted(record, names)
  if (gone.length <= allowed || !isMostLost(record, gone)) return null
  return `${gone.length} that the fleet had are gone: that is most of the fleet`
}
