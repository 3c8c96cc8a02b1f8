import type { HostState, ReleaseState } from '../inventory/state.js'
import { newestFirst } from '../release/id.js'
import { keep } from '../scripts/finish.js'
import type { Plan } from './plan.js'
import { type BringIntent, planBring } from './plan-repair.js'
import type { Need, RepairDecision } from './repair.js'
import { scriptStep } from './transaction.js'

/** An earlier release that the fleet can go back to, and what each host needs to hold it: `push` or `nothing`. */
export interface Earlier {
  readonly release: string
  readonly digest: string
  readonly needs: ReadonlyMap<string, Need>
}

/**
 * What joining hosts lack of the releases that the others hold alike, newest first: of as many as are kept beside `target`.
 * Bad ones are left out, and those of another tool: there is no manifest to make them the same by.
 */
export function earlierFor(
  states: readonly HostState[],
  joining: ReadonlySet<string>,
  target: string,
  keepReleases: number,
): readonly Earlier[] {
  const others = states.filter(({ name }) => !joining.has(name))
  const ids = new Set(others.flatMap(({ releases }) => releases.map(({ id }) => id)))
  return newestFirst(ids)
    .filter(id => id !== target)
    .flatMap(release => {
      const digest = sameOn(others, release)
      return digest === null ? [] : [{ release, digest, needs: needsOf(states, joining, release, digest) }]
    })
    .slice(0, keepReleases - 1)
    .filter(({ needs }) => [...needs.values()].includes('push'))
}

/** Hosts that are not to join and do not serve what they should, by what a repair would do to them. */
export function othersToMend(decision: RepairDecision, joining: ReadonlySet<string>): readonly string[] {
  switch (decision.kind) {
    case 'put back':
      return [...decision.doubts.keys()]
    case 'sweep':
      return decision.remove.filter(name => !joining.has(name))
    case 'bring':
      return [...decision.needs]
        .filter(([name, need]) => !joining.has(name) && need !== 'nothing' && need !== 'deploy')
        .map(([name]) => name)
    default:
      return []
  }
}

/** Brings a release to the hosts that lack it, and swaps nothing: afterwards it is theirs. */
export function planHold(intent: BringIntent): Plan {
  const plan = planBring(intent)
  return {
    ...plan,
    hosts: plan.hosts.map(host =>
      intent.needs.get(host.host.name) === 'push'
        ? { ...host, prune: scriptStep(keep({ root: host.root, tx: intent.tx }), `keep releases/${intent.release}`) }
        : host,
    ),
  }
}

/** The digest that a release has on all of these hosts; null where it is not the same, or not good, on all. */
function sameOn(states: readonly HostState[], release: string): string | null {
  const entries = states.map(({ releases }) => releases.find(({ id }) => id === release))
  const [first] = entries
  if (first === undefined || first.digest === null) return null
  const isSame = (one: ReleaseState | undefined) =>
    one !== undefined &&
    one.bad === null &&
    one.digest === first.digest &&
    one.tree === first.tree &&
    one.revision === first.revision
  return entries.every(isSame) ? first.digest : null
}

function needsOf(
  states: readonly HostState[],
  joining: ReadonlySet<string>,
  release: string,
  digest: string,
): ReadonlyMap<string, Need> {
  const holds = ({ releases }: HostState) => releases.some(one => one.id === release && one.digest === digest)
  const lacks = (state: HostState) => joining.has(state.name) && !holds(state)
  return new Map(states.map(state => [state.name, lacks(state) ? 'push' : 'nothing']))
}
