import type { Origin } from '../release/origin.js'
import type { PortState } from '../release/ports.js'
import type { RuntimeAnswer } from './answers/runtime.js'
import type { AloneReport } from './evidence/lone-host.js'
import type { HistoryRecord, MaintenanceRecord } from './host-state.js'
import type { Drift } from './release-drift.js'

/** What a host is, in a word that scripts may rely on. */
export type Verdict =
  | 'consistent'
  /** It was deployed as another app or stage. */
  | 'not ours'
  /** A run that is alive has it in hand. */
  | 'deploying'
  /** A person keeps the lock; what it serves is right. */
  | 'locked'
  /** Swapped, and neither confirmed nor put back. */
  | 'in doubt'
  /** The same, and its switch should have put it back long ago. */
  | 'watchdog dead'
  /** It put itself back while others were confirmed. */
  | 'split'
  | 'behind'
  /** It serves a release that is newer than the fleet's. */
  | 'ahead'
  | 'new'
  /** No other host bears out what it says that the fleet serves. */
  | 'alone'
  | 'drifted'
  /** Its files are back, and the restart that serves them was not seen to succeed. */
  | 'service unknown'
  /** A run that died has taken it out of service, and nobody has put it back. */
  | 'drained'
  /** Its users are not sent to the port of what `current` names. */
  | 'other port'
  /** A run that died has left processes beside those that serve. */
  | 'warm'
  | 'unhealthy'
  /** A process of another release is still there, although its restart should have ended it. */
  | 'old process'
  /** `current` is no link, or leads nowhere. */
  | 'broken'
  /** A record of clonedeploy's on it is not what it has to be. */
  | 'damaged'
  | 'unreachable'
  /** Left out on purpose, and not to be reached. */
  | 'left out'

/** What `status` says: the JSON of the command line's contract, and what its table is drawn from. */
export interface StatusReport {
  readonly v: 1
  readonly command: 'status'
  readonly app: string
  readonly stage: string
  readonly result: 'consistent' | 'mixed' | 'unknown' | 'empty'
  readonly exitCode: 0 | 3 | 6
  readonly target: string | null
  /** Where the files of `target` come from; absent: they were built for it, or it is not known. */
  readonly origin?: Origin
  readonly lock: {
    readonly holder: string
    readonly since: string
    readonly reason: string
    readonly alive: boolean
    readonly tx: string
    /** Seconds since the holder was heard of; 0 for a person's lock, which does not age. */
    readonly age: number | null
    /** A person took it: no run gives it back. */
    readonly kept: boolean
    /** How it is known that the holder is over, where it is: by what it wrote itself, or because its process is gone. */
    readonly over: string | null
    /** A run's lock that nobody keeps alive: how it left the hosts. */
    readonly left: string | null
  } | null
  readonly hosts: readonly StatusHost[]
  /** Which hosts serve what, where they do not serve the same; most hosts first. */
  readonly split: readonly { readonly release: string | null; readonly hosts: readonly string[] }[] | null
  /** What hosts say of the fleet that nobody else bears out; absent: nothing. */
  readonly alone?: readonly AloneReport[]
  /** Whose flag of maintenance is on the hosts, and on which; absent: on none. */
  readonly maintenance?: MaintenanceRecord & { readonly hosts: readonly string[] }
  /** Hosts that the fleet's record names and the inventory has no more, by their names; absent: none. */
  readonly unlisted?: readonly string[]
  /** With --verify --all: what hosts hold of the releases that a rollback could go to, newest first. */
  readonly earlier?: readonly EarlierRelease[]
  /** What the store says beside it; absent: there is none. */
  readonly store?: StoreReport
  /** How the hosts' machines, libcs or runtimes differ, and which command for a runtime fails everywhere, in sentences; absent: nothing of that. */
  readonly unlike?: readonly string[]
  /** Sentences for people: what is wrong and what to run. */
  readonly problems: readonly string[]
  readonly next: readonly string[]
}

/** `drift`: how it differs from what was sealed; null: it could not be read. */
export interface EarlierRelease {
  readonly release: string
  readonly hosts: readonly { readonly name: string; readonly drift: Drift | null }[]
}

export interface StoreReport {
  readonly name: string
  /**
   * `even`: it says what the fleet's records say. `behind`: it has not heard of the last confirmation. `empty`: it has heard
   * nothing yet. `pending`: a run is at work. `left`: it has a run as at work that has ended. `foreign`: one on other hosts.
   * `unknown`: it could not be read.
   */
  readonly standing: 'even' | 'behind' | 'empty' | 'pending' | 'left' | 'foreign' | 'unknown' | 'unsigned'
  readonly error: string | null
  /** The newest; null: there is none, or it could not be read. */
  readonly generation: {
    readonly number: number
    readonly state: 'pending' | 'confirmed' | 'withdrawn'
    readonly command: string
    readonly by: string
    readonly at: string
    readonly tx: string
    readonly hosts: readonly string[]
    /** What its run was to bring, and what a clone gets. */
    readonly target: string
    readonly confirmed: string | null
  } | null
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
  /** How what it holds differs from what was sealed; null when that was not read, or nothing was. */
  readonly drift: Drift | null
  /** Processes that live in releases other than the one it holds. */
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly release: string }[]
  /** What such a process means here: `fail` where a restart should have ended it. */
  readonly oldProcesses: 'fail' | 'warn'
  readonly transaction: {
    readonly id: string
    readonly phase: string
    readonly target: string | null
    readonly previous: string | null
  } | null
  readonly releases: readonly string[]
  readonly last: HistoryRecord | null
  /** Where the configuration has two ports for it, or had: what is on each, which one serves, and who sends users there; absent elsewhere. */
  readonly ports?: readonly PortState[]
  /** What the balancers say of it; absent where there are none. */
  readonly places?: readonly Place[]
  /** `Linux x86_64 with glibc`; absent where the host does not say. */
  readonly platform?: string
  /** What it prints by the commands of `runtime`; absent: none was run there. */
  readonly runtime?: readonly RuntimeAnswer[]
  /** What is off, more coarsely than the verdict: OLD, NEW, DRIFT, IN DOUBT, UNREACHABLE …; null when nothing is. */
  readonly flag: string | null
  readonly verdict: Verdict
  /** The verdict in one sentence, and what to run next; null when there is nothing to say. */
  readonly says: string | null
  readonly next: string | null
  /** How many releases it is behind, of those that the fleet once served and that are still on any host; null when it is not, or that cannot be told. */
  readonly behind: number | null
}

/** A host as a balancer sees it. */
export interface Place {
  readonly balancer: string
  /** What people call it: `HAProxy web/web-3`. */
  readonly server: string
  readonly state: 'ready' | 'drain' | 'maint' | 'unknown'
  readonly up: boolean
  readonly sessions: number | null
}
