import type { Event } from '../fleet/events.js'
import type { Phase } from '../fleet/outcome.js'
import type { Planned, TransactionOutcome } from './outcomes.js'

type Told = Exclude<Event, { type: 'host.end' | 'run.end' | 'run.planned' | 'script' }>

/** What every event says: the version of these shapes, and when it happened (ISO 8601). */
interface Stamp {
  readonly v: 1
  readonly t: string
}

/** A step of a phase ended on a host: `host.swap`, `host.health` … */
export interface StepEnded {
  readonly type: `host.${Phase}`
  readonly host: string
  readonly ok: boolean
  /** How long it took, in milliseconds. */
  readonly ms: number
  readonly step: string
  /** A few words for people. */
  readonly note: string
  readonly release?: string
}

/** The last event of every transaction; also of one that was refused, or a dry run. */
export interface RunEnded {
  readonly type: 'run.end'
  readonly outcome: TransactionOutcome | Planned
}

/** What happens in a run, as it happens: the same objects that `--output jsonl` writes. */
export type RunEvent = Stamp & (Told | StepEnded | RunEnded)
