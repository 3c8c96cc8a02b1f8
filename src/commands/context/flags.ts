/** Flags that every command knows, as commander gives them. */
export interface CommonFlags {
  readonly config?: string
  /** The configuration itself, of a program that gives no file. */
  readonly given?: Readonly<Record<string, unknown>>
  readonly stage?: string
  /** Hosts, and at most one stage, as they stand after the command. */
  readonly words?: readonly string[]
  readonly input?: boolean
  readonly yes?: boolean
  readonly json?: boolean
  readonly output?: 'auto' | 'tty' | 'plain' | 'jsonl' | 'github'
  readonly color?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  readonly role?: readonly string[]
  readonly concurrency?: number
  readonly timeout?: number
  /** The words after the command choose among the hosts what it acts on, but all of them are read. */
  readonly wholeFleet?: boolean
  /** No host is contacted, and no command asked for hosts: only a dry run of a deploy. */
  readonly offline?: boolean
  /** `false`: --no-store. */
  readonly store?: boolean
  /** The number of the store's generation that is believed, whoever signed it. */
  readonly trustGeneration?: number
}

/** Of every command that acts on what is in `deployTo`. */
export interface AdoptFlags extends CommonFlags {
  /** Take over (or, for what changes nothing there, go into) a `deployTo` that was deployed as another app or stage. */
  readonly adopt?: boolean
}

export interface TransactionFlags extends AdoptFlags {
  readonly dryRun?: boolean
  readonly detailedExitcode?: boolean
  readonly force?: boolean
  /** `false`: --no-rollback. */
  readonly rollback?: boolean
  readonly lockWait?: number
  /** Up to so many hosts of the fleet may be gone from what a command lists, also where these are most. */
  readonly lostHosts?: number
  readonly exclude?: readonly string[]
  readonly reason?: string
  readonly message?: string
}

/** Of what brings new code. */
interface ReleaseFlags extends TransactionFlags {
  /** Confirm what is healthy at once. */
  readonly skipBake?: boolean
}

export interface DeployFlags extends ReleaseFlags {
  /** In a dry run, run the build commands all the same. */
  readonly build?: boolean
  /** `false`: --no-cache. */
  readonly cache?: boolean
  readonly ref?: string
}

export interface PromoteFlags extends ReleaseFlags {
  /** The stage that has confirmed what is promoted; it must be said. */
  readonly from?: string
  /** A release of that stage; else the one that it serves. */
  readonly release?: string
}

export interface RepairFlags extends TransactionFlags {
  /** Hosts that the repair goes on without; only together with `fenced`. */
  readonly giveUp?: readonly string[]
  readonly fenced?: boolean
  /** The host whose word of what the fleet serves is taken. */
  readonly trustHost?: string
}

export interface JoinFlags extends TransactionFlags {
  /** The hosts that are to join. */
  readonly host?: readonly string[]
  readonly trustHost?: string
}

export interface RollbackFlags extends TransactionFlags {
  readonly to?: string
  /** Take the release as it is where it cannot be made whole. */
  readonly acceptDrift?: boolean
}

/** Of a command whose answer is all that is asked for: its steps are shown with --verbose only. */
export function quietly<F extends CommonFlags>(flags: F): F {
  return { ...flags, quiet: flags.verbose !== true }
}
