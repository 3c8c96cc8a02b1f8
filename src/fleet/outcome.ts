import type { ExitCode } from '../exit-code.js'

/** How a run ended, derived only from what was read back from the hosts. */
export interface Outcome {
  readonly command: 'deploy' | 'promote' | 'rollback' | 'restart' | 'repair' | 'join'
  readonly app: string
  readonly stage: string
  readonly result: 'deployed' | 'restarted' | 'unchanged' | 'aborted' | 'put-back' | 'rolled-back' | 'mixed'
  readonly exitCode: ExitCode
  readonly release: string
  readonly previous: string | null
  readonly digest: string | null
  readonly seconds: number
  /** Sent over the network, all hosts together. */
  readonly bytes: number
  /** Milliseconds between the first and the last swap; null when nothing was swapped. */
  readonly swapWindowMs: number | null
  /** The same of the traffic that warm releases were given; null when none was, or it cannot be told. */
  readonly switchWindowMs: number | null
  readonly hosts: readonly HostOutcome[]
  /** What stopped it, in one sentence; null when nothing did. */
  readonly reason: string | null
  /** Somebody wished to stop it: so the reason says. */
  readonly stopped?: true
  readonly next: readonly string[]
  readonly warnings: readonly string[]
  /** Hosts that were lost, where and why, and that the command which lists the hosts does not list any more: the run went on without them. */
  readonly gone?: readonly { readonly name: string; readonly phase: Phase; readonly message: string }[]
  /** Of a join: which hosts, and the earlier releases that were brought. */
  readonly joined?: { readonly hosts: readonly string[]; readonly earlier: readonly string[] }
  /** Path of the log file, relative to the working directory; null when there is none. */
  readonly log: string | null
}

export interface HostOutcome {
  readonly name: string
  /** What `current` points at by our last reading; null: absent, or not readable (then `error` says so). */
  readonly current: string | null
  readonly digest: string | null
  readonly healthy: boolean | null
  /** Of a restart: whether it came to this host. */
  readonly restarted?: boolean
  readonly bytes: number
  readonly error: HostFailure | null
  /** Where it was taken out of service and is not back: `HAProxy web/web-3`. */
  readonly out?: string
  /** Of a repair: where it was put back into service. */
  readonly back?: string
}

export interface HostFailure {
  readonly phase: Phase
  readonly step: string
  readonly message: string
  readonly hint: string | null
  /** The last lines that the failing command printed. */
  readonly output: readonly string[]
  /** What the app itself said last, and where that was read. */
  readonly log?: { readonly source: string; readonly lines: readonly string[] }
}

/** The moments of a run that all hosts go through together, in order; `rollback` is the way back. */
export type Phase =
  | 'check'
  | 'build'
  | 'pack'
  | 'lock'
  | 'announce'
  | 'push'
  | 'prepare'
  | 'warm'
  | 'drain'
  | 'swap'
  | 'switch'
  | 'restart'
  | 'health'
  | 'ready'
  | 'canary'
  | 'same'
  | 'bake'
  | 'confirm'
  | 'conclude'
  | 'cool'
  | 'clean'
  | 'rollback'
