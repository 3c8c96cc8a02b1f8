import type { HistoryRecord } from '../inventory/state.js'

/** What `status` says: the JSON of the command line's contract, and what its table is drawn from. */
export interface StatusReport {
  readonly v: 1
  readonly command: 'status'
  readonly app: string
  readonly stage: string
  readonly result: 'consistent' | 'mixed' | 'unknown' | 'empty'
  readonly exitCode: 0 | 3 | 6
  readonly target: string | null
  readonly lock: {
    readonly holder: string
    readonly since: string
    readonly reason: string
    readonly alive: boolean
    readonly tx: string
  } | null
  readonly hosts: readonly StatusHost[]
  /** Sentences for people: what is wrong and what to run. */
  readonly problems: readonly string[]
  readonly next: readonly string[]
}

export interface StatusHost {
  readonly name: string
  readonly reachable: boolean
  readonly error: string | null
  readonly current: string | null
  readonly digest: string | null
  /** What the app itself says it serves; null when it was not asked or cannot say. */
  readonly served: string | null
  readonly health: 'ok' | 'failing' | 'none'
  readonly healthNote: string
  readonly drift: {
    readonly modified: readonly string[]
    readonly missing: readonly string[]
    readonly extra: readonly string[]
  } | null
  readonly transaction: {
    readonly id: string
    readonly phase: string
    readonly target: string | null
    readonly previous: string | null
  } | null
  readonly releases: readonly string[]
  readonly last: HistoryRecord | null
  /** In a word what is off, for the end of its line: OLD, NEW, DRIFT, IN DOUBT, UNREACHABLE; null when nothing is. */
  readonly flag: string | null
}
