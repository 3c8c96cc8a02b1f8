import type { HealthCheck, Relay } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import type { Arrival } from '../scripts/prepare/check-arrival.js'
import type { Fetcher } from '../scripts/prepare/download.js'
import type { Unpack } from '../scripts/prepare/unchanged.js'
import type { Script } from '../scripts/shell/shell.js'
import type { Excluded, ProcessMark } from '../state/host-state.js'
import type { Times } from '../state/protocol-times.js'
import type { Request } from './app/requests.js'
import type { Rollout } from './batches.js'

/** Everything that a run will do, decided before it does anything. */
export interface Plan extends Times {
  readonly command: 'deploy' | 'promote' | 'rollback' | 'restart' | 'repair' | 'join'
  readonly app: string
  readonly stage: string
  readonly tx: string
  readonly release: string
  readonly digest: string | null
  /** The fleet's record as every host keeps it once it has confirmed: JSON, one line. */
  readonly record: string
  /** The hosts of the stage that this record leaves out. */
  readonly excluded: readonly string[]
  /** What the fleet was to serve before this run; null: not known. */
  readonly target: string | null
  /** What most hosts served when we looked. */
  readonly previous: string | null
  readonly hosts: readonly HostPlan[]
  /** In this order: those whose failure discards before those that restore, then what decides, then what ends the run. */
  readonly phases: readonly PhasePlan[]
  readonly rollout: Rollout
  /** What decides on this machine whether the others follow the first hosts. */
  readonly canaryCheck: ScriptStep | null
  /** How long it can still go back once all hosts are healthy; null: it is confirmed at once. */
  readonly bake: Bake | null
  /** The same when these hosts are what it is about. */
  readonly bakeOn: (hosts: readonly string[]) => Bake | null
  /** What all hosts have to answer alike before; empty: nothing is compared. */
  readonly same: readonly SameQuestion[]
  /** Whether trees that differ between hosts stop the run. */
  readonly identical: 'strict' | 'warn'
  /** What a store is told of it; null: there is none, or it is not told. */
  readonly stored: Stored | null
  /** Null: every host gets its files from here. */
  readonly relay: Relay | null
  /** What is odd about the hosts, and stops nothing. */
  readonly warnings: readonly string[]
  /** What of it is another when some of its hosts are left out in the middle of the run. */
  readonly without: (gone: readonly Excluded[]) => Rest
}

/** A plan for those of its hosts that are left: what they record, and what is run for them all. */
export type Rest = Pick<Plan, 'record' | 'excluded' | 'hosts' | 'canaryCheck'>

/** An address that all hosts are asked for, as messages name it. */
export interface SameQuestion {
  readonly text: string
  /** What is not compared: headers, in lower case, and lines that hold such a text. */
  readonly ignored: { readonly headers: readonly string[]; readonly lines: readonly string[] }
  /** By the names of hosts; null: it is no address there. */
  readonly requests: Readonly<Record<string, Request | null>>
}

/** Milliseconds. */
export interface Bake {
  readonly for: number
  /** From one look to the next. */
  readonly every: number
  /** How many failing answers, one after another, put all hosts back. */
  readonly failures: number
  /** What this machine runs or asks; null: only the hosts are watched. */
  readonly check: ScriptStep | HealthStep | null
  /** Whether it also begins after each batch. */
  readonly perBatch: boolean
}

/** Its files as they lie in the store: the key below the app, the sha256 (hex) and bytes of what is fetched. */
export interface StoredPayload {
  readonly key: string
  readonly sum: string
  readonly size: number
  readonly arrival: Omit<Arrival, 'data'>
}

/** What a run says of itself where every clone reads it. */
export interface Stored {
  /** The store's name, for people. */
  readonly store: string
  readonly by: string
  readonly at: string
  readonly process: ProcessMark | null
  readonly target: {
    readonly release: string
    readonly digest: string | null
    readonly revision: string | null
    readonly tree?: string
    readonly clone: Readonly<Record<string, unknown>>
  }
  /** The program that brings a machine to it by itself, once it is known where its files lie; null: none can. */
  readonly boot: ((payload: StoredPayload) => string) | null
}

/** The same moment on these hosts: all are through, or the run goes no further. */
export interface PhasePlan {
  readonly name: PhaseName
  /** By their names. */
  readonly hosts: readonly string[]
  /** `batch 2 of 3: web-2, web-3`; '' where all go at once. */
  readonly batch: string
  /** What each host runs, as its plan names it; empty where nothing on a host is changed. */
  readonly steps: readonly StepName[]
  readonly onFailure: OnFailure
}

export type PhaseName =
  | 'lock'
  | 'announce'
  | 'home'
  | 'prepare'
  | 'once'
  | 'warm'
  | 'look'
  | 'drain'
  | 'arm'
  | 'swap'
  | 'switch'
  | 'restart'
  | 'health'
  | 'ready'
  | 'canary'
  | 'same'
  | 'bake'
  | 'ping'
  | 'confirm'
  | 'conclude'
  | 'forward'
  | 'cool'
  | 'finish'
  | 'prune'
  | 'record'

/**
 * What the failure of a phase means. `discard`: nothing was swapped, so what was prepared goes. `restore`: all hosts go back.
 * `repair`: some hosts may be confirmed and others not. `end`: nothing is undone, and the run says what is true.
 */
export type OnFailure = 'discard' | 'restore' | 'repair' | 'end'

/** The fields of a host's plan that hold what a phase runs. */
export type StepName =
  | 'lock'
  | 'prepare'
  | 'links'
  | 'once'
  | 'warm'
  | 'warmReady'
  | 'arm'
  | 'switch'
  | 'restart'
  | 'health'
  | 'processes'
  | 'canaryCheck'
  | 'confirm'
  | 'cool'
  | 'leftWarm'
  | 'prune'
  | 'record'
  | 'finish'

export interface HostPlan {
  readonly host: Host
  /** `deployTo`, absolute. */
  readonly root: string
  /** What `current` points at now, verbatim; null: absent. */
  readonly old: string | null
  /** The release that it stands for (or the target itself), and its digest where it has one. */
  readonly oldRelease: string | null
  readonly oldDigest: string | null
  /** It serves the release already, and only takes part. */
  readonly stays?: true
  readonly lock: ScriptStep
  readonly renew: ScriptStep
  readonly prepare: readonly Step[]
  readonly links: ScriptStep
  /** On one host only, when every host is prepared and before any is swapped. */
  readonly once: readonly HookStep[]
  readonly arm: ScriptStep
  readonly look: ScriptStep
  /** Start the release beside the one that has the traffic, and see that it is healthy there; empty where `restart` starts it. */
  readonly warm: readonly HookStep[]
  readonly warmReady: readonly HealthStep[]
  /** Makes ready what `switch` does at its word: gives the warm release the traffic. */
  readonly laySwitch: ScriptStep | null
  readonly switch: ScriptStep | null
  /** The same commands without a word. */
  readonly switchAlone: readonly HookStep[]
  /** Where the release goes on a host that has a process for each of two ports: there a balancer switches; null: it has one. */
  readonly flip: Flip | null
  /** End the processes of all releases but this one, or but the one that the host served before. */
  readonly cool: readonly (HookStep | ScriptStep)[]
  readonly coolBack: readonly (HookStep | ScriptStep)[]
  /** Ends what a dead run left warm. */
  readonly leftWarm: readonly (HookStep | ScriptStep)[]
  readonly restart: readonly HookStep[]
  readonly health: readonly HealthStep[]
  /** Afterwards, no process may be left in another release; null: nothing is asked. */
  readonly processes: ProcessStep | null
  /** Read when restart or health fail. */
  readonly log: LogStep | null
  /** The same, asked on the first hosts. */
  readonly canaryCheck: ScriptStep | null
  readonly confirm: ScriptStep
  /** Removes releases that may go; null: none. */
  readonly prune: ScriptStep | null
  /** Keeps on the host what has to be known of a fleet or a release beside the end of this run; null: nothing. */
  readonly record: ScriptStep | null
  readonly finish: ScriptStep
  readonly restore: ScriptStep
  /** Serve the old release again, and see that it is served; empty where there was none. */
  readonly restartOld: readonly HookStep[]
  readonly healthOld: readonly HealthStep[]
  /** The same where it runs beside the new one: all hosts give it the traffic by one word; null: nothing waits for a word. */
  readonly back: BackSwitch | null
  /** Records that it is. */
  readonly serve: ScriptStep
  /** Marks what it serves bad although it stays; null: it is no new release. */
  readonly blame: (reason: string) => ScriptStep | null
  readonly abandon: (reason: string) => ScriptStep
  readonly discard: ScriptStep
  /** Says in the lock, which stays, that the run is over and why a repair is needed. */
  readonly endLock: (why: string) => ScriptStep
}

export interface BackSwitch {
  /** Makes ready what `switch` does at its word, once the link is back. */
  readonly lay: ScriptStep
  readonly switch: ScriptStep
  /** What else serves the old release again, afterwards. */
  readonly rest: readonly HookStep[]
}

export interface Flip {
  /** The port that the release is started on, and the one that serves what the host served before. */
  readonly to: number
  readonly back: number
  /** The release was started on its port before, and may have the users already. */
  readonly keeps: boolean
}

export type Step = ScriptStep | PushStep | HookStep

/** `text` is the step for people, as the dry run prints it. Timeouts are milliseconds. */
export interface ScriptStep {
  readonly kind: 'script'
  readonly name: string
  readonly text: string
  readonly script: Script
  readonly timeout: number
}

export interface HookStep {
  readonly kind: 'hook'
  readonly name: string
  readonly text: string
  readonly script: Script
  readonly timeout: number
}

/** Brings the files that the host lacks; tried again without `base` when that was not intact. */
export interface PushStep {
  readonly kind: 'push'
  readonly name: 'push'
  readonly text: string
  /** Digest of the release `unpack.base`. */
  readonly baseDigest: string | null
  readonly unpack: Unpack
  /** What the host has to fetch them from a store with; null: nothing that will do. */
  readonly fetcher: Fetcher | null
  readonly timeout: number
}

export interface HealthStep {
  readonly kind: 'health'
  readonly name: 'health'
  readonly text: string
  readonly check: HealthCheck
  /** `deployTo`, absolute. */
  readonly root: string
  /** The url (`tcp://…` for a mere connection) with the host's variables put in, or the command as a script. */
  readonly target: { readonly url: URL } | { readonly script: Script }
  /** What proves the release in the answer: its id, or its revision. */
  readonly proofs: readonly string[]
  /** The same of the other releases on the host: so that it can be told which one is served instead. */
  readonly others: readonly { readonly release: string; readonly proofs: readonly string[] }[]
}

export interface ProcessStep {
  readonly kind: 'processes'
  readonly name: 'processes'
  readonly text: string
  readonly script: Script
  /** The release that the host is brought to; going back, the one that it leaves. */
  readonly release: string
  /** Milliseconds that old processes have to end. */
  readonly within: number
  readonly old: 'fail' | 'warn'
}

export interface LogStep {
  readonly kind: 'log'
  readonly name: 'log'
  /** Where the lines come from: `journalctl -u shop`. */
  readonly text: string
  readonly script: Script
  readonly timeout: number
  /** Whether each release has a log of its own. */
  readonly ofRelease: boolean
}

/** Whether a run brings a release that its fleet has never served: it may turn out bad, and migrations go before it. */
export function isNew({ command }: Pick<Plan, 'command'>): boolean {
  return command === 'deploy' || command === 'promote'
}
