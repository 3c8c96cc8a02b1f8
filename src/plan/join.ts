import { isOlder, newestFirst } from '../release/id.js'
import { keep } from '../scripts/transaction/end-transaction.js'
import { type Need, needsFor } from '../state/decide-repair.js'
import type { FleetRecord, HostState, ReleaseState } from '../state/host-state.js'
import { inDoubt, unserved } from '../state/preflight.js'
import { confirmedReleases } from '../state/releases.js'
import { lockPhases } from './phase-order.js'
import type { Plan } from './plan.js'
import { type BringIntent, planBring } from './repair.js'
import { scriptStep } from './transaction.js'

/** An earlier release that the fleet can go back to, and what each host needs to hold it: `push` or `nothing`. */
export interface Earlier {
  readonly release: string
  readonly digest: string
  readonly needs: ReadonlyMap<string, Need>
}

/**
 * What joining hosts lack of the releases that the others hold alike, newest first: of as many as are kept beside `target`,
 * and in any case of the one that a rollback would go to. Bad ones and those that were never confirmed are left out, and
 * `foreignFor`.
 */
export function earlierFor(
  states: readonly HostState[],
  joining: ReadonlySet<string>,
  target: string,
  keepReleases: number,
): readonly Earlier[] {
  const alike = alikeOnOthers(states, joining, target).filter(({ digest }) => digest !== null)
  const before = alike.find(({ id }) => isOlder(id, target))
  const wanted = alike.filter((one, i) => i < keepReleases - 1 || one === before)
  return wanted
    .map(one => ({ release: one.id, digest: one.digest ?? '', needs: needsOf(states, joining, one) }))
    .filter(({ needs }) => [...needs.values()].includes('push'))
}

/** What the others could go back to, and joining hosts lack and cannot get. */
export interface Foreign {
  readonly releases: readonly string[]
  /** Whether the fleet has nothing else to go back to. */
  readonly last: boolean
}

/** Releases of another tool: there is no manifest to make them the same by. */
export function foreignFor(states: readonly HostState[], joining: ReadonlySet<string>, target: string): Foreign {
  const alike = alikeOnOthers(states, joining, target)
  const lacks = (one: ReleaseState) => [...needsOf(states, joining, one).values()].includes('push')
  const left = alike.filter(one => one.digest === null && lacks(one))
  const last = !alike.some(one => isOlder(one.id, target) && !left.includes(one))
  return { releases: left.map(({ id }) => id), last: left.length > 0 && last }
}

/** What the others hold alike and the fleet once served, but for what it serves now, newest first. */
function alikeOnOthers(
  states: readonly HostState[],
  joining: ReadonlySet<string>,
  target: string,
): readonly ReleaseState[] {
  const others = states.filter(({ name }) => !joining.has(name))
  const confirmed = confirmedReleases(others)
  const ids = new Set(others.flatMap(({ releases }) => releases.map(({ id }) => id)))
  const earlier = newestFirst(ids).filter(id => id !== target && confirmed.has(id))
  return earlier.flatMap(id => likeOnAll(others, id) ?? [])
}

/** Hosts that are not to join, and that a repair would change. */
export function othersToMend(
  states: readonly HostState[],
  damaged: ReadonlySet<string>,
  joining: ReadonlySet<string>,
  target: Pick<FleetRecord, 'release' | 'digest'>,
): readonly string[] {
  const others = states.filter(({ name }) => !joining.has(name))
  const needs = needsFor(others, target, damaged)
  const isRight = (need: Need | undefined) => need === 'nothing' || need === 'deploy'
  return others
    .filter(state => inDoubt(state).length > 0 || unserved(state).length > 0 || !isRight(needs.get(state.name)))
    .map(({ name }) => name)
}

/** Brings an earlier release to the hosts that lack it, and swaps nothing: afterwards it is theirs, where it is the same on all. */
export function planEarlier(intent: BringIntent): Plan {
  const plan = planBring(intent)
  return {
    ...plan,
    phases: lockPhases(plan, 'prepare', 'record'),
    identical: 'strict',
    hosts: plan.hosts.map(host =>
      intent.needs.get(host.host.name) === 'push'
        ? {
            ...host,
            record: scriptStep(
              keep({ root: host.root, tx: intent.tx }, intent.release),
              `keep releases/${intent.release}`,
            ),
          }
        : host,
    ),
  }
}

/** The release as all of these hosts hold it; null where it is not the same, or not good, on all. */
function likeOnAll(states: readonly HostState[], release: string): ReleaseState | null {
  const entries = states.map(({ releases }) => releases.find(({ id }) => id === release))
  const [first] = entries
  return first !== undefined && entries.every(one => isLike(one, first)) ? first : null
}

function isLike(one: ReleaseState | undefined, other: ReleaseState): boolean {
  if (one === undefined || one.bad !== null) return false
  return one.digest === other.digest && one.tree === other.tree && one.revision === other.revision
}

function needsOf(
  states: readonly HostState[],
  joining: ReadonlySet<string>,
  wanted: ReleaseState,
): ReadonlyMap<string, Need> {
  const holds = ({ releases }: HostState) => releases.some(one => one.id === wanted.id && isLike(one, wanted))
  return new Map(states.map(state => [state.name, joining.has(state.name) && !holds(state) ? 'push' : 'nothing']))
}
