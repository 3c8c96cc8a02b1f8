import type { Config } from '../config/config.js'
import { PreflightError } from '../errors.js'
import { isOlder, isOurs, newestFirst } from '../release/id.js'
import type { HostState, ReleaseState } from '../state/host-state.js'
import { confirmedReleases, currentRelease } from '../state/releases.js'
import { healStep, verifyStep } from './held-steps.js'
import type { Plan } from './plan.js'
import { type Intent, planTransaction } from './transaction.js'

interface RollbackIntent extends Intent {
  /** What damaged hosts lack of the release, by their name. */
  readonly contents?: ReadonlyMap<string, Uint8Array>
  /** Hosts on which the release is taken as it is; null: it must be whole, and the same, everywhere. */
  readonly accepted?: ReadonlySet<string> | null
}

/** Make the release whole where it is damaged, verify it where it lies, then what every transaction does. Nothing is pruned. */
export function planRollback(intent: RollbackIntent): Plan {
  const { config, release, contents, accepted = null } = intent
  const plan = planTransaction(
    intent,
    (host, state, claim) => {
      if (accepted?.has(state.name)) return []
      const lost = contents?.get(state.name)
      const healed = lost === undefined ? [] : [healStep(config, host, state, claim, release, lost)]
      return [...healed, verifyStep(config, host, state, release, 'written')]
    },
    () => [],
  )
  return accepted === null ? plan : { ...plan, identical: 'warn' }
}

export interface RollbackChoice {
  readonly release: string
  readonly digest: string | null
  readonly revision: string | null
  readonly skipped: readonly { readonly release: string; readonly why: string }[]
}

/**
 * The release to roll back to, chosen once for the fleet: the newest that every host has, that is older than what the
 * fleet serves, that the fleet once confirmed, and that is not marked bad anywhere; or `to`, which every host must have.
 */
export function chooseRollback(
  states: readonly HostState[],
  serves: string | null,
  to: string | null,
  identical: Config['identical'] = 'strict',
): RollbackChoice {
  const ids = newestFirst(new Set(states.flatMap(state => state.releases.map(({ id }) => id))))
  if (to !== null) return chosen(states, asked(states, ids, to, identical), [])
  const skipped: { release: string; why: string }[] = []
  for (const id of ids) {
    if (serves !== null && !isOlder(id, serves)) continue
    const why = unfit(states, id, identical)
    if (why === null) return chosen(states, id, skipped)
    skipped.push({ release: id, why })
  }
  throw new PreflightError('There is no earlier release that every host has.', {
    changed: 'nothing',
    details: skipped.map(({ release, why }) => `${release}  ${why}`),
    next: ['see them: clonedeploy releases', ...joining(states, skipped, identical)],
  })
}

/** Every release that a rollback could go to, newest first: the whole fleet has it, confirmed it, and none calls it bad. */
export function rollbackTargets(states: readonly HostState[], identical: Config['identical']): readonly string[] {
  const ids = newestFirst(new Set(states.flatMap(state => state.releases.map(({ id }) => id))))
  return ids.filter(id => unfit(states, id, identical) === null)
}

function asked(
  states: readonly HostState[],
  ids: readonly string[],
  to: string,
  identical: Config['identical'],
): string {
  const why = ids.includes(to) ? unfit(states, to, identical, true) : 'no host has it'
  if (why === null) return to
  throw new PreflightError(`Release ${to} cannot be rolled back to: ${why}.`, {
    changed: 'nothing',
    next: ['see them: clonedeploy releases'],
  })
}

/** Hosts that came later can be given the newest that all others hold alike: a join brings it. */
function joining(
  states: readonly HostState[],
  skipped: RollbackChoice['skipped'],
  identical: Config['identical'],
): readonly string[] {
  for (const { release } of skipped) {
    const lacking = states.filter(state => find(state, release) === null)
    const others = states.filter(state => !lacking.includes(state))
    const isOurs = others.every(state => find(state, release)?.digest !== null)
    if (lacking.length > 0 && isOurs && unfit(others, release, identical) === null)
      return [`bring it: clonedeploy join --host ${lacking.map(({ name }) => name).join(',')}`]
  }
  return []
}

function chosen(states: readonly HostState[], id: string, skipped: RollbackChoice['skipped']): RollbackChoice {
  const entry = find(states[0] as HostState, id)
  return { release: id, digest: entry?.digest ?? null, revision: entry?.revision ?? null, skipped }
}

/** Why a release cannot serve the whole fleet; null when it can. */
function unfit(states: readonly HostState[], id: string, identical: Config['identical'], named = false): string | null {
  const missing = states.filter(state => find(state, id) === null)
  if (missing.length > 0) return `missing on ${missing.map(({ name }) => name).join(', ')}`
  const entries = states.map(state => find(state, id) as ReleaseState)
  const [bad, ...more] = states.filter(state => find(state, id)?.bad)
  if (bad && !named)
    return `bad${more.length === 0 && states.length > 1 ? ` on ${bad.name}` : ''}: ${find(bad, id)?.bad}`
  if (isUnfinished(states, id)) return 'it was never finished'
  if (!confirmedReleases(states).has(id)) return 'no deploy of it was ever confirmed'
  const digests = new Set(entries.map(({ digest, tree }) => (identical === 'strict' ? `${digest} ${tree}` : digest)))
  if (digests.size > 1) return 'its contents differ between hosts'
  const revisions = new Set(entries.map(({ revision }) => revision))
  if (revisions.size > 1) return 'its REVISION differs between hosts'
  return null
}

/** A release in our naming without a seal is a deploy that died; one of another tool (Capistrano) is taken as it is. */
function isUnfinished(states: readonly HostState[], id: string): boolean {
  return isOurs(id) && states.every(state => find(state, id)?.digest === null && currentRelease(state) !== id)
}

function find(state: HostState, id: string): ReleaseState | null {
  return state.releases.find(release => release.id === id) ?? null
}
