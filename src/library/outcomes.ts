import type { HostFailure, HostOutcome, Outcome } from '../fleet/outcome.js'
import type { StatusReport } from '../state/status-report.js'

/** The commands that bring a fleet from one state to another. */
export type TransactionName = 'deploy' | 'rollback' | 'repair' | 'join'

/** Why a command was refused. */
export interface RefusalReport {
  readonly code: 'usage' | 'config' | 'preflight' | 'locked' | 'put-back' | 'mixed' | 'interrupted' | 'bug'
  readonly message: string
  /** The first command to run. */
  readonly hint: string | null
  /** Null: not known. */
  readonly changed: 'nothing' | 'nothing served' | null
}

/** What every outcome says. */
interface Ended {
  readonly v: 1
  /** What the command would exit with: 0 only where the fleet is as it should be. See docs/failures.md. */
  readonly exitCode: number
}

/** What a refusal says beside what an outcome does; of one that has an outcome, none of it. */
interface MayBeRefused {
  readonly error?: RefusalReport
  readonly changed?: RefusalReport['changed']
  /** The evidence, a line each. */
  readonly details?: readonly string[]
}

/** What the outcome of a run and its JSON have in common. */
type Told = Omit<
  Outcome,
  'command' | 'app' | 'stage' | 'result' | 'exitCode' | 'release' | 'hosts' | 'warnings' | 'log'
>

/** How a deploy, a rollback, a repair or a join ended, as `--json` prints it. */
export interface TransactionOutcome extends Ended, MayBeRefused, Told {
  readonly command: TransactionName
  readonly result: Exclude<Outcome['result'], 'restarted'>
  /** Null: it was refused before it was known. */
  readonly stage: string | null
  readonly release: string | null
  readonly hosts: readonly HostReport[]
  /** What to know although it went well, or what was told before it was refused. */
  readonly warnings: readonly string[]
}

export interface HostReport extends Omit<HostOutcome, 'error'> {
  readonly error: (Omit<HostFailure, 'log'> & { readonly log: Required<HostFailure>['log'] | null }) | null
}

/** What a dry run found, as `--dry-run --json` prints it: its further keys are those of docs/json.md. */
export interface Planned extends Ended {
  readonly command: TransactionName
  readonly result: 'planned' | 'problems'
  readonly stage: string
  readonly dryRun: true
  readonly [key: string]: unknown
}

/** Status that could not be read at all: the configuration is wrong, say. */
export interface StatusRefused extends Ended {
  readonly command: 'status'
  readonly result: 'aborted' | 'mixed'
  readonly stage: string | null
  readonly error: RefusalReport
  readonly reason: string
  readonly changed: RefusalReport['changed']
  readonly details: readonly string[]
  readonly next: readonly string[]
}

/** What is true of a fleet, as `status --json` prints it. */
export type StatusOutcome = StatusReport | StatusRefused
