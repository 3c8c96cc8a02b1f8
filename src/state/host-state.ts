import type { Origin } from '../release/origin.js'
import type { Memory } from '../scripts/read/memory.js'
import type { Platform } from '../scripts/read/platform.js'

/** What one host said of itself: the one input of every decision. Read by `scripts/inspect.ts`, changed by nobody. */
export interface HostState {
  readonly name: string
  /** Login, its home and its shell. */
  readonly user: string
  readonly home: string
  readonly shell: string
  /** `deployTo`, absolute. */
  readonly root: string
  readonly rootKind: 'folder' | 'absent' | 'other'
  /**
   * Which folder it is: the boot of its kernel, device and inode of `deployTo` (while that is absent: of its nearest folder
   * that exists, and the rest of the path). Machines that were resumed from one snapshot say the same; null: not known.
   */
  readonly folder: string | null
  /** Whether we may write in `deployTo` (or, while it is absent, in its nearest folder that exists). */
  readonly writable: boolean
  /** Which of the folders are open to every account of the host: `deployTo` (or its nearest that exists), and the one above it. */
  readonly open: readonly ('folder' | 'above')[]
  /** Whether nobody may write there, because its file system is mounted so. */
  readonly readOnly: boolean
  /** Seconds since 1970 by the host's clock. */
  readonly clock: number
  /** Names of the tools found, of those that clonedeploy asks for. */
  readonly tools: readonly string[]
  readonly disk: { readonly freeKb: number; readonly freeInodes: number | null; readonly mount: string }
  readonly current: Current
  /** What `current` has from shared/ by a link of the same path, at its first two levels, where another tool made it. */
  readonly sharedLinks: readonly SharedLink[]
  /** Something is mounted over `current`: a swap would not be seen. */
  readonly mounted: boolean
  /** Newest first, by name. */
  readonly releases: readonly ReleaseState[]
  readonly lock: LockState
  /** Transactions whose records are on the host, newest last. */
  readonly transactions: readonly TransactionState[]
  readonly fleet: FleetRecord | null
  /** The last run that brought the host another release and was not put back, by the host's history. */
  readonly last: HistoryRecord | null
  /** Of the configured shared files, those that do not exist. */
  readonly missing: readonly string[]
  /** What a run noted before it drained hosts, and did not take back. */
  readonly drained: DrainRecord | null
  /** The release that was warmed and not cooled: processes may run beside those that serve; null: none. */
  readonly warm: string | null
  /** Null: nobody asked. */
  readonly memory: Memory | null
  /** Null: it does not say. */
  readonly platform: Platform | null
  /** Which release each port was started for, where a host has a process for each of two. */
  readonly ports: Readonly<Record<number, string>>
  /** Whether the flag of maintenance is there, with what is known of it. */
  readonly maintenance: MaintenanceRecord | null
  /** Records that are not what they have to be; each counts as absent, and nothing is built on that. */
  readonly damaged: readonly Damage[]
}

export interface SharedLink {
  readonly path: string
  readonly kind: 'file' | 'dir'
}

/** A record (its file relative to `deployTo`) and what is wrong with it. */
export interface Damage {
  readonly file: string
  readonly why: string
}

/** What the balancers were before a run changed them. Of several the one with the highest `seq` counts, unless a host says that it is over. */
export interface DrainRecord {
  readonly seq: number
  readonly tx: string
  readonly by: string
  readonly at: string
  /** `BALANCER HOST`: what was out of service before, by somebody else. */
  readonly out: readonly string[]
  readonly over?: true
}

/** Who turned maintenance on, and what was out of service before that. Nothing but `out` where somebody made the file by hand. */
export interface MaintenanceRecord {
  readonly by?: string
  readonly at?: string
  readonly reason?: string
  readonly out: readonly string[]
}

/** `current`: a link (its target verbatim, whether it resolves, and the release id when it lies in releases/), or something else. */
export type Current =
  | { readonly kind: 'absent' }
  | { readonly kind: 'link'; readonly target: string; readonly resolves: boolean; readonly release: string | null }
  | { readonly kind: 'folder' | 'other' }

export interface ReleaseState {
  readonly id: string
  /** Digest of the sealed manifest; null for a release that clonedeploy did not make, or did not finish. */
  readonly digest: string | null
  /** How many entries clonedeploy put beside the manifest's: REVISION, linked paths and their folders. */
  readonly extra: number
  /** Digest of the tree after prepare hooks; null when there were none. */
  readonly tree: string | null
  /** Why it is marked bad; null when it is good. */
  readonly bad: string | null
  /** Whether the host was told that the whole fleet serves it. */
  readonly confirmed: boolean
  readonly revision: string | null
  /** How it is started and asked, as it was recorded when it was deployed, in the form of plan/release-run.ts; null: nothing was recorded; `damaged`: nothing that fits. */
  readonly run: unknown
  /** The transaction that it was made in; null where that is not recorded. */
  readonly tx: string | null
  /** Who sealed it and when (ISO 8601); null without a seal. */
  readonly by: string | null
  readonly at: string | null
  /** Absent: it was built for it, or nothing was recorded. */
  readonly origin?: Origin
}

export interface LockState {
  /** Highest epoch on the host; 0 when there never was one. */
  readonly epoch: number
  readonly held: boolean
  readonly holder: Holder | null
  /** Seconds since the holder was last heard of, by the host's clock. */
  readonly age: number | null
  /** Whether the holder is over although it was heard of a moment ago; null: not known. */
  readonly over: LockEnd | null
}

/** `ended`: the run wrote so itself, and why a repair is needed. `gone`: it ran on this machine, and its process is no more. */
export type LockEnd = { readonly kind: 'ended'; readonly why: string } | { readonly kind: 'gone' }

/** An app and a stage of it: whose a `deployTo` is. */
export interface Owner {
  readonly app: string
  readonly stage: string
}

/** Who holds the lock, from where, why and since when (the holder's clock, ISO 8601); of a transaction, also for which app and stage. */
export interface Holder extends Partial<Owner> {
  readonly tx: string
  readonly who: string
  readonly from: string
  readonly command: string
  readonly reason: string
  readonly since: string
  /** The host that this was written for. */
  readonly host?: string
  /** Which process it is; null where its machine cannot tell. */
  readonly process?: ProcessMark | null
}

/** A process, told so that its machine knows later whether it is still there: the boot and the pid namespace, the login, the id, and when it began. */
export interface ProcessMark {
  readonly machine: string
  readonly uid: number
  readonly pid: number
  readonly began: string
}

export interface TransactionState {
  readonly id: string
  /** `back`: the host swapped, and went back. `unserved`: it did, and nobody saw the restart of its old release come to its end. */
  readonly state: 'prepared' | 'armed' | 'swapped' | 'back' | 'unserved'
  readonly outcome: 'confirmed' | 'reverted' | null
  /** Release that it brings, and the target of `current` before (null: absent). */
  readonly next: string | null
  readonly old: string | null
  /** Seconds since the controller was last heard of, by the host's clock; null once it is decided, or before it is staged. */
  readonly lease: number | null
}

/** What the fleet is meant to serve, kept on every host, and whose `deployTo` it is, which older records do not say. `seq` grows with every transaction. */
export interface FleetRecord extends Partial<Owner> {
  readonly seq: number
  readonly release: string
  readonly digest: string | null
  readonly previous: string | null
  readonly by: string
  readonly at: string
  /** The transaction that it was confirmed in; older records do not say. */
  readonly tx?: string
  /** Hosts that were left out on purpose, until they rejoin. */
  readonly excluded?: readonly Excluded[]
  /** The hosts of the inventory at that time, by their names; older records do not say. */
  readonly hosts?: readonly string[]
}

/** A host that a run left out: who said so, when (ISO 8601) and why. */
export interface Excluded {
  readonly host: string
  readonly reason: string
  readonly by: string
  readonly at: string
}

export interface HistoryRecord {
  readonly at: string
  readonly by: string
  readonly command: string
  readonly release: string | null
  readonly previous: string | null
}

/** The state of every host of a run: read, or why it could not be. */
export interface FleetState {
  readonly hosts: readonly { readonly name: string; readonly state: HostState | null; readonly error: string | null }[]
}
