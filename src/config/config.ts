import type { Host, HostsCommand } from '../inventory/host.js'
import type { PortPair } from '../release/ports.js'
import type { Shared } from '../release/shared.js'
import type { LogSource } from '../scripts/read/app-log.js'
import type { Service } from '../scripts/service/restart-command.js'
import type { NotifyInput } from './input.js'
import type { Installer } from './installer.js'
import type { Secret } from './secrets/redact.js'

/** Paths below the folder of the build that its first command makes, and the files that decide what it makes. */
export interface BuildCache {
  readonly paths: readonly string[]
  /** Patterns; null: the files that the installer is known by. */
  readonly key: readonly string[] | null
  /** What the first command is; null: none that is known. */
  readonly installer: Installer | null
}

/** The configuration of one stage, resolved: paths absolute, durations in milliseconds, defaults filled in. */
export interface Config {
  readonly app: string
  readonly stage: string
  readonly protected: boolean
  /** The config file and its folder, absolute. */
  readonly file: string
  readonly root: string
  readonly source: Source
  /** Shell commands, run one after the other in the checkout (git) or nowhere (folder without build). */
  readonly build: readonly string[]
  readonly buildEnv: Readonly<Record<string, string>>
  /** What the first of the commands makes, and is kept for the next build; null: nothing. */
  readonly buildCache: BuildCache | null
  /** The folder below that of the source that is the release; null: that one itself. */
  readonly releaseRoot: string | null
  /** Paths or patterns below it that make the artifact; null: everything. */
  readonly include: readonly string[] | null
  readonly hosts: readonly Host[]
  /** The command that listed the hosts; null: they come from elsewhere. */
  readonly hostsCommand: HostsCommand | null
  /** Number of hosts that are served inside this process (the demo); 0 otherwise. */
  readonly embedded: number
  /** Paths and patterns, of what the app may write in its release. */
  readonly writable: readonly string[]
  readonly shared: Shared
  readonly env: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, SecretSource>>
  readonly prepare: readonly Hook[]
  readonly restart: readonly Hook[]
  readonly health: readonly HealthCheck[]
  /** What all hosts have to answer alike before a deploy is confirmed. */
  readonly same: readonly Ask[]
  /** What it means that a process of an old release is still there after the restart. */
  readonly oldProcesses: 'fail' | 'warn'
  /** What it means that a host lacks the memory for the two releases that a warm restart runs. */
  readonly memory: 'fail' | 'warn'
  /** What it means that a host cannot run a program or library of the release. */
  readonly platform: 'fail' | 'ignore'
  /** What has to print the same on every host. */
  readonly runtime: readonly RuntimeCommand[]
  /** Where the app's log is; null: where its service keeps it. */
  readonly logs: LogSource | null
  readonly audit: AuditConfig
  /** What to do when prepare hooks made different files on different hosts. */
  readonly identical: 'strict' | 'warn'
  readonly unchanged: 'auto' | 'copy'
  /** Null: every host gets its files from here. */
  readonly relay: Relay | null
  readonly keepReleases: number
  readonly rollout: Rollout
  readonly balancer: BalancerConfig | null
  /** Where what the fleet serves lies for every clone; null: on the hosts alone. */
  readonly store: StoreConfig | null
  /** Who signs what the store is told: a private key, or a public one whose other half the agent holds; null: nobody. */
  readonly sign: SignConfig | null
  /** Whose signatures are believed: a file in OpenSSH's form; null: everything is, signed or not. */
  readonly allowedSigners: string | null
  readonly notify: readonly Webhook[]
  readonly ssh: SshConfig
}

/** Who is told how runs begin and end. */
export interface Webhook {
  /** Whoever knows it can write there. Null: it is not set. */
  readonly url: Secret | { readonly env: string } | { readonly file: string } | null
  /** Null: by the address. */
  readonly as: BodyKind | null
  readonly on: readonly NoticeEvent[]
}

export type BodyKind = NonNullable<NotifyInput['as']>

/** What is told of a run: that it holds all locks, or how it ended. */
export type NoticeEvent = NonNullable<NotifyInput['on']>[number]

export interface RuntimeCommand {
  readonly run: string
  readonly roles: readonly string[] | null
}

export interface AuditConfig {
  /** Patterns of paths as in a release, or absolute ones. */
  readonly ignore: readonly string[]
  /** Folders of session files beside the usual ones: as in a release, or absolute. */
  readonly sessions: readonly string[]
  /** What every host has to answer alike. */
  readonly ask: readonly Ask[]
  /** Null: nobody is logged in. */
  readonly login: Login | null
}

/** Text, or where a secret is read from. */
export type Value = string | SecretSource

/** Each by its name. */
export type Values = Readonly<Record<string, Value>>

/** What is asked of a host: a path of what its health check asks by HTTP, or a whole address. */
export interface Ask {
  readonly url: string
  readonly headers: Values
  readonly ignore: IgnoredParts
}

/** What of an answer is not compared: headers by their names in lower case, and lines by texts that they hold. */
export interface IgnoredParts {
  readonly headers: readonly string[]
  readonly lines: readonly string[]
}

export interface Login {
  readonly request: LoginRequest
  readonly page: Pick<Ask, 'url' | 'headers'>
  /** What the page holds for the user alone. */
  readonly expect: string
}

export interface LoginRequest {
  readonly url: string
  readonly method: string
  readonly headers: Values
  readonly body: { readonly kind: 'form' | 'json'; readonly fields: Values } | null
  /** The page that has a hidden field to be sent back, and its name. */
  readonly token: { readonly page: string; readonly field: string } | null
}

export interface SignConfig {
  readonly key: string
}

export type StoreConfig = FolderConfig | S3Config

export interface FolderConfig {
  readonly kind: 'folder'
  readonly dir: string
}

export interface S3Config {
  readonly kind: 's3'
  readonly bucket: string
  /** Before every key, without a slash at its ends; '' where there is none. */
  readonly prefix: string
  /** Null: what AWS's own settings say. */
  readonly region: string | null
  /** Null: AWS. */
  readonly endpoint: string | null
}

export type Source =
  | {
      readonly kind: 'git'
      readonly repository: string
      readonly ref: string
      readonly subdir: string | null
      /** null: it is not said. */
      readonly submodules: boolean | null
    }
  | { readonly kind: 'folder'; readonly dir: string }
  /** A tar, or a folder, that was built elsewhere. */
  | { readonly kind: 'artifact'; readonly path: string }

export type SecretSource = { readonly env: string } | { readonly cmd: string } | { readonly file: string }

/** A command run in the release on the hosts, with CLONEDEPLOY_* variables, env and secrets. */
export interface Hook {
  readonly run: string
  /** On one host only (migrations), between the barrier and the swap. */
  readonly once: boolean
  /** Only on hosts with one of these roles; null: on all. */
  readonly roles: readonly string[] | null
  /** Milliseconds. */
  readonly timeout: number
  /** What `run` was made for, where the user did not write it; it then runs in `deployTo`. */
  readonly service?: Service
  /** How the release is started beside the one that has the traffic; `run` then gives it the traffic. */
  readonly warm?: Warm
  /** The host has a process for each of two ports; `run` starts the release on `$CLONEDEPLOY_PORT`, unless it runs there. */
  readonly ports?: Ports
}

export interface Ports {
  readonly numbers: PortPair
  /** Ends what runs on `$CLONEDEPLOY_PORT`. */
  readonly stop: string
}

/** Commands: what starts a release where no user meets it, what says whether it is healthy there, and what ends all but the one that has the traffic. */
export interface Warm {
  readonly warm: string
  readonly ready: string
  readonly cool: string
}

export type HealthCheck =
  | {
      readonly kind: 'http'
      readonly url: string
      readonly status: number
      readonly contains: string | null
      /** Headers that the response must have, each with this text in it; names in lower case. */
      readonly headers: Readonly<Record<string, string>>
      /** Where the response names the release that it serves: in the body, or in this header. */
      readonly release: 'body' | { readonly header: string } | null
      /** Milliseconds over all tries, and for one. */
      readonly timeout: number
      readonly tryTimeout: number
      readonly roles: readonly string[] | null
    }
  /** `host:port`, which must take connections. */
  | {
      readonly kind: 'tcp'
      readonly address: string
      readonly timeout: number
      readonly tryTimeout: number
      readonly roles: readonly string[] | null
    }
  | {
      readonly kind: 'command'
      readonly run: string
      readonly timeout: number
      readonly tryTimeout: number
      readonly roles: readonly string[] | null
    }

/** As it is written among the checks of each host: what all of them are asked for. */
export interface SameCheck {
  readonly kind: 'same'
  readonly asks: readonly Ask[]
  readonly roles: null
}

/** Hosts: how many, or which share of them. */
export type Amount = number | `${number}%`

/** Hosts that hand on the files that they got. */
export interface Relay {
  /** How many of those that need the same. */
  readonly seeds: number
  /** Where they listen meanwhile. */
  readonly port: number
}

export interface Rollout {
  /** How many hosts are taken at a time. */
  readonly batch: Amount
  /** How many must stay in service; null: one, where there are batches. */
  readonly minUp: Amount | null
  readonly canary: Canary | null
  /** Null: what is healthy is confirmed at once. */
  readonly bake: Bake | null
}

/** The hosts that go first, and what has to happen before the others follow. */
export interface Canary {
  readonly hosts: number
  /** Milliseconds. */
  readonly pause: number
  /** Must end with 0, run on this machine or on each of the first hosts. */
  readonly check: { readonly run: string; readonly on: 'here' | 'hosts'; readonly timeout: number } | null
  /** Whether a person is asked. */
  readonly confirm: boolean
}

/** How long a deploy can still go back once it is healthy everywhere. Durations are milliseconds. */
export interface Bake {
  readonly for: number
  /** From one look to the next. */
  readonly every: number
  /** How many failing answers, one after another, put the fleet back. */
  readonly failures: number
  /** Asked from this machine; null: only the hosts are watched. */
  readonly check: BakeCheck | null
  /** Whether each batch is waited for before the next one follows, and not all hosts only. */
  readonly perBatch: boolean
}

/** A request is one of health, of a single try. */
export type BakeCheck =
  | { readonly kind: 'command'; readonly run: string; readonly timeout: number }
  | Extract<HealthCheck, { kind: 'http' }>

/** What stands before the hosts. Durations are milliseconds. */
export type BalancerConfig = BalancerWay & {
  /** What a host is called in it: a text with `$NAME` for a variable of the host, or by the host's name. */
  readonly server: string | Readonly<Record<string, string>>
  /** Only hosts with one of these roles are behind it; null: all. */
  readonly roles: readonly string[] | null
  /** How long it is waited for sessions to end, and for a host to be in service again. */
  readonly drainTimeout: number
  readonly readyTimeout: number
  /** How long it is waited where sessions cannot be counted. */
  readonly settle: number
}

type BalancerWay =
  | {
      readonly kind: 'haproxy'
      readonly hosts: readonly Host[]
      readonly socket: string
      readonly backends: readonly string[]
    }
  | {
      readonly kind: 'nginx'
      readonly hosts: readonly Host[]
      readonly upstreamFile: string
      readonly test: string
      readonly reload: string
    }
  | { readonly kind: 'command'; readonly drain: string; readonly ready: string; readonly state: string | null }

export interface SshConfig {
  readonly configFile: string | null
  readonly connectTimeout: number
  readonly stallTimeout: number
  readonly concurrency: number
  /** Who speaks SSH: this process, the system's `ssh`, or this process wherever it can. */
  readonly transport: 'auto' | 'builtin' | 'openssh'
}
