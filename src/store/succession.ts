import { type Generation, mostBad } from './generation.js'

/** What a transaction says of itself in the store. */
export interface Announcement
  extends Pick<Generation, 'tx' | 'command' | 'app' | 'stage' | 'hosts' | 'by' | 'at' | 'process' | 'target'> {}

/** How a transaction ended. `bad`: its release was swapped and is not to be served again. */
export type End =
  | { readonly state: 'confirmed' }
  | { readonly state: 'withdrawn'; readonly reason: string; readonly bad: boolean }

/** The generation that says that a transaction has begun. */
export function pendingAfter(newest: Generation | null, announced: Announcement): Generation {
  return {
    ...announced,
    number: (newest?.number ?? 0) + 1,
    state: 'pending',
    confirmed: newest?.confirmed ?? null,
    reason: null,
    bad: newest?.bad ?? [],
  }
}

/** The generation that says how a pending one ended; `by` and `at` are of who says so. */
export function endOf(pending: Generation, end: End, { by, at }: Pick<Generation, 'by' | 'at'>): Generation {
  const { number, target, bad } = pending
  const next = { ...pending, number: number + 1, by, at }
  const others = bad.filter(({ digest }) => digest !== target.digest)
  if (end.state === 'confirmed') return { ...next, state: 'confirmed', confirmed: target, bad: others }
  const reason = end.reason.slice(0, 500)
  const { release, digest } = target
  const worse = end.bad && digest !== null ? [...others, { release, digest, reason, at }].slice(-mostBad) : bad
  return { ...next, state: 'withdrawn', reason, bad: worse }
}

/** What is known of the fleet by whoever holds the locks of all its hosts. */
export interface FleetTruth {
  /** Those whose locks are held. */
  readonly hosts: readonly string[]
  /** The release that the fleet's record names; null: none. */
  readonly release: string | null
}

/**
 * How the transaction of another run ended that left a pending generation. Where all its hosts are locked by us, it can
 * change nothing any more: it was confirmed, or it never will be. `foreign`: it has hosts that we do not know, and may go on.
 */
export function endOfOther(pending: Generation, { hosts, release }: FleetTruth): End | 'foreign' {
  const ours = new Set(hosts)
  if (!pending.hosts.every(name => ours.has(name))) return 'foreign'
  if (pending.target.release === release) return { state: 'confirmed' }
  return { state: 'withdrawn', reason: `${pending.command} ended before it was confirmed`, bad: false }
}

/** Whether the store says what the fleet's record says. `behind`: it has not heard of the last confirmations. */
export type Standing = 'even' | 'pending' | 'behind' | 'empty'

export function standingOf(newest: Generation | null, release: string | null): Standing {
  if (newest?.state === 'pending') return 'pending'
  if ((newest?.confirmed?.release ?? null) === release) return 'even'
  return newest === null ? 'empty' : 'behind'
}

/**
 * The files that stay of a stage: those of the release that it serves, of what a run brings that is at work, and of the
 * releases that were confirmed before, in all `keep`. `newest`: its generations, the newest first. `isEnough`: no older
 * generation adds to them.
 */
export function digestsKept(
  newest: readonly Generation[],
  keep: number,
): { readonly digests: readonly string[]; readonly isEnough: boolean } {
  const most = Math.max(keep, 1)
  const confirmed = newest.flatMap(one => one.confirmed ?? [])
  const kept = [...new Map(confirmed.map(one => [one.release, one])).values()].slice(0, most)
  const begun = newest.slice(0, 1).flatMap(({ state, target }) => (state === 'pending' ? [target] : []))
  return {
    digests: [...begun, ...kept].flatMap(({ digest }) => digest ?? []),
    isEnough: kept.length >= most,
  }
}
