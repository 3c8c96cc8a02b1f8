import type { ConfigInput } from '../config/input.js'

/** What every function takes. */
export interface CommonOptions {
  /** The folder to be in: the configuration is looked for from here upwards. The process's own unless said. */
  readonly cwd?: string
  /** The configuration's file, or the configuration itself: its paths are then relative to `cwd`. */
  readonly config?: string | ConfigInput
  /** Needed where there are several stages and no `defaultStage`. */
  readonly stage?: string
  /** How many hosts to work on at a time. */
  readonly concurrency?: number
  /** Stops as the first Ctrl-C does: what was prepared is removed, what was swapped is put back. */
  readonly signal?: AbortSignal
}

/** What is common to all that changes a fleet. */
export interface TransactionOptions extends CommonOptions {
  /** Answers yes to what would be asked: without it, a rollback, a protected stage and a canary to confirm are refused. */
  readonly yes?: boolean
  /** Read the fleet and tell what would happen, and change nothing. */
  readonly dryRun?: boolean
  /** `false`: leave the new release in place when it fails after the swap. */
  readonly rollback?: boolean
  /** Milliseconds, or a duration like `10m`: how long to wait for the lock. */
  readonly lockWait?: number | string
  /** Go on although a command lists up to so many hosts of the fleet no more. */
  readonly lostHosts?: number
  /** Shown with the lock and in the history. */
  readonly message?: string
  /** Take over a `deployTo` that was deployed as another app or stage. */
  readonly adopt?: boolean
}

/** Of those that may leave hosts out. */
interface ExcludingOptions extends TransactionOptions {
  /** Leave these hosts out; recorded with the reason until they rejoin. */
  readonly exclude?: readonly string[]
  /** Why they are left out. */
  readonly reason?: string
}

export interface DeployOptions extends ExcludingOptions {
  /** Deploy although nothing has changed, and build although this revision was built before. */
  readonly force?: boolean
  /** `false`: build again, and without what is kept of dependencies. */
  readonly cache?: boolean
  /** Deploy this branch, tag or commit. */
  readonly ref?: string
  /** Confirm what is healthy at once, without the bake of the configuration. */
  readonly skipBake?: boolean
  /** Believe this generation of the store, whoever signed it. */
  readonly trustGeneration?: number
}

export interface RollbackOptions extends ExcludingOptions {
  /** Go on although nothing has changed. */
  readonly force?: boolean
  /** The release to go back to; else the newest good one that every host has. */
  readonly to?: string
  /** Take the release as it is where what it has lost is found nowhere. */
  readonly acceptDrift?: boolean
  /** `false`: tell the store nothing, because it is away. */
  readonly store?: boolean
}

export interface RepairOptions extends ExcludingOptions {
  /** Go on without these hosts, which cannot be reached and are out of service; only together with `fenced`. */
  readonly giveUp?: readonly string[]
  /** Confirms that no user reaches them. */
  readonly fenced?: boolean
  /** Take the word of this host for what the fleet serves, although no other bears it out. */
  readonly trustHost?: string
}

export interface JoinOptions extends TransactionOptions {
  /** The hosts that are to join, by their names; without any, all that are new. */
  readonly hosts?: readonly string[]
  readonly trustHost?: string
  /** `false`: tell the store nothing, because it is away. */
  readonly store?: boolean
}

export interface StatusOptions extends CommonOptions {
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  readonly roles?: readonly string[]
  /** Read every file of the releases that are served, and compare. */
  readonly verify?: boolean
  /** With `verify`: also those that a rollback could go to. */
  readonly all?: boolean
}
