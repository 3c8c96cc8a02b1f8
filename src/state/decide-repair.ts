import type { FleetRecord, HostState, TransactionState } from './host-state.js'
import { inDoubt, unserved } from './preflight.js'
import { currentRelease, releaseBeside } from './releases.js'

/** What was found out beside the records of the hosts that answered. */
export interface Found {
  /** What the fleet is to serve, as plan/vouched.ts has it; null: that is not known, or it is nothing. */
  readonly record: FleetRecord | null
  /** Hosts that did not answer. */
  readonly unreachable: readonly string[]
  /** Hosts whose copy of the fleet's release is not what it was sealed as. */
  readonly damaged: ReadonlySet<string>
  /** Whether the release can be got by hosts that lack it. */
  readonly brings: boolean
  /** Whether the release can be made once more, for hosts that serve a damaged copy: all hosts answer, and its bytes are somewhere. */
  readonly remakes: boolean
}

/**
 * What a host needs to serve the fleet's release: `swap` it holds it, `push` it lacks it, `replace` it holds a damaged copy
 * beside what it serves, `deploy` only another release can mend it: it serves a damaged copy, or lacks what cannot be got.
 */
export type Need = 'nothing' | 'swap' | 'push' | 'replace' | 'deploy'

/** Undecided swaps that a dead run left, by host. */
export type Doubts = ReadonlyMap<string, TransactionState>

export type RepairDecision =
  /** Whether the swap was confirmed is known by hosts that did not answer. */
  | { readonly kind: 'unknown'; readonly tx: string; readonly hosts: readonly string[] }
  /** No host confirmed: those that swapped go back to what they served before, and serve it. */
  | { readonly kind: 'put back'; readonly doubts: Doubts }
  /** The fleet has a release, and not every host serves it. */
  | {
      readonly kind: 'bring'
      readonly release: string
      readonly digest: string | null
      readonly needs: ReadonlyMap<string, Need>
      readonly doubts: Doubts
    }
  /** Hosts serve a damaged copy: all get the same files once more, under a new id. */
  | {
      readonly kind: 'remake'
      readonly release: string
      readonly digest: string | null
      readonly damaged: readonly string[]
    }
  /** Nothing was swapped: what was prepared, the lock and damaged copies (on the hosts of `remove`) go. */
  | { readonly kind: 'sweep'; readonly release: string | null; readonly remove: readonly string[] }
  | { readonly kind: 'nothing'; readonly release: string | null }

/** What ends the fleet's troubles, from the records of its hosts and nothing else. Nobody must be at work on it. */
export function decideRepair(states: readonly HostState[], found: Found): RepairDecision {
  const dead = new Map([...doubtsOf(states)].filter(([, one]) => !isConfirmed(states, one)))
  if (dead.size > 0) return putBack(dead, found)
  if (found.record === null) return leftovers(states, null)
  const { release, digest } = found.record
  const needs = neededOf(states, { ...found, record: found.record })
  const having = (need: Need) => [...needs].filter(([, one]) => one === need).map(([name]) => name)
  if (having('replace').length > 0) return { kind: 'sweep', release, remove: having('replace') }
  if (having('swap').length + having('push').length > 0)
    return { kind: 'bring', release, digest, needs, doubts: doubtsOf(states) }
  const rest = leftovers(states, release)
  if (rest.kind !== 'nothing' || !found.remakes || having('deploy').length === 0) return rest
  return { kind: 'remake', release, digest, damaged: having('deploy') }
}

/** Hosts that serve a damaged copy of the fleet's release or none, where that cannot be made once more. */
export function beyondRepair(
  states: readonly HostState[],
  { record, remakes, ...found }: Omit<Found, 'unreachable'>,
): readonly string[] {
  if (record === null || remakes) return []
  return [...neededOf(states, { ...found, record })].filter(([, need]) => need === 'deploy').map(([name]) => name)
}

/** What each host needs, as far as that can be got. */
function neededOf(
  states: readonly HostState[],
  { record, damaged, brings }: Pick<Found, 'damaged' | 'brings'> & { readonly record: FleetRecord },
): ReadonlyMap<string, Need> {
  const needs = needsFor(states, record, damaged)
  if (brings) return needs
  return new Map([...needs].map(([name, need]) => [name, need === 'push' || need === 'replace' ? 'deploy' : need]))
}

function putBack(doubts: Doubts, { unreachable }: Found): RepairDecision {
  const [first] = doubts.values()
  if (unreachable.length > 0) return { kind: 'unknown', tx: first?.id ?? '', hosts: unreachable }
  return { kind: 'put back', doubts }
}

function doubtsOf(states: readonly HostState[]): Doubts {
  return doubtsBy(states, inDoubt)
}

function doubtsBy(states: readonly HostState[], which: typeof inDoubt): Doubts {
  return new Map(
    states.flatMap(state =>
      which(state)
        .slice(0, 1)
        .map(one => [state.name, one] as const),
    ),
  )
}

/** A host says so by its register, or by the fleet's record that it keeps from that moment on. */
function isConfirmed(states: readonly HostState[], { id, next }: TransactionState): boolean {
  return states.some(
    ({ transactions, fleet }) =>
      (fleet?.tx === id && fleet.release === next) ||
      transactions.some(one => one.id === id && one.outcome === 'confirmed' && one.next === next),
  )
}

/** What each host needs to serve this release. */
export function needsFor(
  states: readonly HostState[],
  { release, digest }: Pick<FleetRecord, 'release' | 'digest'>,
  damaged: ReadonlySet<string>,
): ReadonlyMap<string, Need> {
  return new Map(states.map(state => [state.name, needOf(state, release, digest, damaged)]))
}

function needOf(state: HostState, release: string, digest: string | null, damaged: ReadonlySet<string>): Need {
  const entry = state.releases.find(({ id }) => id === release)
  if (entry === undefined) return 'push'
  const serves = currentRelease(state) === release
  if (entry.digest !== digest || damaged.has(state.name)) return serves ? 'deploy' : 'replace'
  return serves && inDoubt(state).length === 0 ? 'nothing' : 'swap'
}

/** The hosts on which something is to be done. */
export function hostsToMend(states: readonly HostState[], decision: RepairDecision): readonly string[] {
  switch (decision.kind) {
    case 'put back':
      return [...decision.doubts.keys()]
    case 'bring':
      return [...decision.needs].flatMap(([name, need]) => (need === 'nothing' ? [] : [name]))
    case 'remake':
      return decision.damaged
    case 'sweep':
      return states.filter(state => decision.remove.includes(state.name) || hasLeftovers(state)).map(({ name }) => name)
    default:
      return []
  }
}

/** Whether a dead run left its lock, or what it had prepared or started. */
export function hasLeftovers(state: HostState): boolean {
  const { lock, transactions } = state
  return lock.held || releaseBeside(state) !== null || transactions.some(({ outcome }) => outcome === null)
}

function leftovers(states: readonly HostState[], release: string | null): RepairDecision {
  const back = doubtsBy(states, unserved)
  if (back.size > 0) return { kind: 'put back', doubts: back }
  return states.some(hasLeftovers) ? { kind: 'sweep', release, remove: [] } : { kind: 'nothing', release }
}
