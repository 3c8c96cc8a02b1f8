import { ownedByOthers } from './evidence/owner.js'
import type { Vouched } from './evidence/vouched-record.js'
import type { FleetState, HostState, Owner, ReleaseState } from './host-state.js'
import { inDoubt } from './preflight.js'
import { commitIn, currentRelease } from './releases.js'

/** A release of a stage that all of its hosts have confirmed. */
export interface Promotable {
  readonly release: string
  readonly digest: string
  /** Null: it was made of a folder. */
  readonly commit: string | null
}

/** `problems`: what is true instead, a line each. */
type Verdict = Promotable | { readonly problems: readonly string[] }

/**
 * Whether every host of a stage bears out that this release was confirmed on all of them; `asked` null: the one that is
 * served. What a host cannot be asked is not known of it, so one that is silent is enough to refuse.
 */
export function promotable(us: Owner, fleet: FleetState, heard: Vouched, asked: string | null): Verdict {
  const silent = fleet.hosts.filter(({ state }) => state === null)
  const states = fleet.hosts.flatMap(({ state }) => state ?? [])
  const release = asked ?? heard.record?.release ?? null
  const unknown = [
    ...silent.map(({ name, error }) => `${name}  could not be read: ${error ?? 'no answer'}`),
    ...ownedByOthers(states, us).map(({ host, text }) => `${host}  ${text}`),
    ...heard.alone.map(({ host }) => `${host}  says of the fleet what no other host bears out`),
  ]
  if (unknown.length > 0) return { problems: unknown }
  if (release === null) return { problems: ['its hosts have confirmed no release'] }
  const problems = states.flatMap(state => whyNot(state, release, asked === null))
  if (problems.length > 0) return { problems }
  return agreed(states, release)
}

function whyNot(state: HostState, release: string, isServed: boolean): readonly string[] {
  const entry = entryOf(state, release)
  const say = (text: string) => [`${state.name}  ${text}`]
  if (inDoubt(state).length > 0) return say('was swapped by a run that was neither confirmed nor put back')
  if (state.damaged.length > 0) return say('has a record that does not fit')
  if (isServed && currentRelease(state) !== release) return say(`serves ${currentRelease(state) ?? 'nothing'}`)
  if (entry === undefined) return say(`does not hold ${release}`)
  if (entry.digest === null) return say(`holds ${release} without a seal`)
  if (entry.bad !== null) return say(`holds ${release}, which is marked bad: ${entry.bad}`)
  return entry.confirmed ? [] : say(`holds ${release}, which it has not confirmed`)
}

function agreed(states: readonly HostState[], release: string): Verdict {
  const entries = states.flatMap(state => entryOf(state, release) ?? [])
  const digests = new Set(entries.map(({ digest }) => digest))
  const [first] = entries
  if (digests.size !== 1 || first === undefined || first.digest === null)
    return { problems: [`its hosts hold ${release} with different digests`] }
  return { release, digest: first.digest, commit: commitIn(first.revision) }
}

function entryOf({ releases }: HostState, release: string): ReleaseState | undefined {
  return releases.find(({ id }) => id === release)
}
