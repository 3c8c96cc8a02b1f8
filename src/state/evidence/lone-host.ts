import type { HostState } from '../host-state.js'
import { isWhat, type Word, wordsOf } from './host-claims.js'
import type { Vouched } from './vouched-record.js'

/** What one host alone says, as `status --json` tells it. */
export interface AloneReport {
  readonly host: string
  readonly release: string
  readonly digest: string | null
  readonly by: string
  readonly at: string
  readonly tx: string | null
}

export function aloneReport({ host, record }: Word): AloneReport {
  const { release, digest, by, at, tx = null } = record
  return { host, release, digest, by, at, tx }
}

/** The word with where the release comes from, for whoever has to decide whether it is true. */
export function aloneText({ host, record }: Word): string {
  const { seq, release, digest, by, at, excluded = [] } = record
  const what = `${release}${digest === null ? '' : ` (${digest})`}`
  if (seq === 0) return `no record says what the fleet serves, and only ${host} serves ${what}`
  const left = excluded.map(one => `${one.host} was left out: ${one.reason}`)
  const more = left.length === 0 ? '' : `, and that ${left.slice(0, 3).join('; ')}`
  return `only ${host} says that the fleet serves ${what}, by ${by} at ${at}${more}`
}

/** What to type when the word is true, and when it is not; `command` completes it. */
export function trusting(
  states: readonly HostState[],
  { record, alone }: Vouched,
  command: (flag: string) => string,
): readonly string[] {
  const first = alone[0]
  if (first === undefined) return []
  const others = wordsOf(states).filter(({ host }) => alone.every(word => word.host !== host))
  const against = others.find(word => record !== null && isWhat(word.record, record)) ?? others[0]
  return [
    ...alone.map(({ host }) => `if that is right: ${command(`--trust-host ${host}`)}`),
    ...(against === undefined ? [] : [`if it is not: ${command(`--trust-host ${against.host}`)}`]),
  ]
}
