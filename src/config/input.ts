/** `'30s'`, `'5m'`, `'1h'`, `'500ms'`, or a number of seconds. */
export type Duration = string | number

/** What deploy.config.ts exports. Relative paths are relative to its folder. */
export interface ConfigInput extends StageInput {
  /** Named targets: each says only what differs from the keys above it. `env`, `secrets` and `shared` are merged one level deep. */
  readonly stages?: Readonly<Record<string, StageInput>>
  /** Stage to use when none is named on the command line. */
  readonly defaultStage?: string
}

export interface StageInput {
  /** Letters, digits, `.`, `_` and `-`. */
  readonly app?: string
  /** What is built. Default: `{ git: '.', ref: 'HEAD' }`. */
  readonly source?: SourceInput
  /** Commands that build the release, on this machine. */
  readonly build?: string | readonly string[]
  /** Files, folders or patterns that make the release. Default: everything that .deployignore does not name. */
  readonly include?: string | readonly string[]
  /** Folder on the hosts that holds `current`, `releases` and `shared`: absolute, or relative to the login's home. */
  readonly deployTo?: string
  readonly hosts?: HostsInput
  readonly shared?: SharedInput
  /** Environment of the build and of every hook. */
  readonly env?: Readonly<Record<string, string | number>>
  /** Like `env`, for values that must be seen nowhere: this says where each is read from. */
  readonly secrets?: Readonly<Record<string, SecretInput>>
  /** Commands run in the new release on every host before any host is swapped. */
  readonly prepare?: PrepareInput | readonly PrepareInput[]
  /** What makes the app serve the release that `current` points at: a command, a systemd unit, pm2, or a file to touch. */
  readonly restart?: RestartInput | readonly RestartInput[]
  /** What must hold on every host after the restart; otherwise all hosts go back. */
  readonly health?: HealthInput | readonly HealthInput[]
  /**
   * When a process of an older release is still there after the restart and the health checks: all hosts go back (`fail`, the
   * default), or it is only told (`warn`). Without a restart it is only told.
   */
  readonly oldProcesses?: 'fail' | 'warn'
  /** Where the app's log is on the hosts, for `clonedeploy logs` and for failures. Default: that of systemd or pm2, where one is restarted. */
  readonly logs?: LogsInput
  /** When prepare made different files on different hosts: stop (`strict`, the default) or go on (`warn`). */
  readonly identical?: 'strict' | 'warn'
  /** How a release gets the files that did not change. Default: `auto`, hard links where nothing writes into releases. */
  readonly unchanged?: 'auto' | 'copy'
  /** Whether hosts hand on the files that they got to others that can reach them. Default: no. docs/ssh.md */
  readonly relay?: boolean | RelayInput
  /** Default: 5. */
  readonly keepReleases?: number
  /** How many hosts are taken at a time. Default: all at once. docs/rollout.md */
  readonly rollout?: RolloutInput
  /** What stands before the hosts: they are taken out of it while they change. docs/rollout.md */
  readonly balancer?: BalancerInput
  readonly ssh?: SshInput
  /** Deploying asks first, and needs `--yes` where nobody can be asked. */
  readonly protected?: boolean
}

export type SourceInput =
  | {
      /** A repository's folder or address. The revision is built from a clean checkout. */
      readonly git: string
      /** Branch, tag or commit. Default: `HEAD`. */
      readonly ref?: string
      /** Folder of a monorepo to build. */
      readonly subdir?: string
      readonly submodules?: boolean
    }
  | {
      /** A folder, taken as it is. */
      readonly dir: string
    }

/** Hosts, or where they are read from: a function, a JSON file, or SSH hosts inside this process (for trying out). */
export type HostsInput =
  | readonly (string | HostInput)[]
  | (() => readonly (string | HostInput)[] | Promise<readonly (string | HostInput)[]>)
  | `${string}.json`
  | { readonly embedded: number }

/** `'web-1'` and `'deploy@10.0.0.2:2222'` are short for this. What is not said comes from the ssh config. */
export interface HostInput {
  /** Unique. Default: the host, with its port where one is given. */
  readonly name?: string
  /** Address or ssh config alias. Default: the name. */
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly identityFile?: string
  /** A known_hosts file to use instead of the ones that ssh would read. */
  readonly knownHosts?: string
  /** The one host key that is accepted: `SHA256:…`, as `ssh-keygen -lf` prints it. */
  readonly hostKey?: string
  /** Jump hosts, as in `ssh -J`. */
  readonly jump?: string
  readonly roles?: readonly string[]
  readonly deployTo?: string
  readonly env?: Readonly<Record<string, string | number>>
}

/** Paths that outlive releases: kept in `shared/` on the host and linked into each release. */
export interface SharedInput {
  readonly dirs?: readonly string[]
  readonly files?: readonly string[]
}

/** An environment variable here, a command run here, or a file here. */
export type SecretInput = { readonly env: string } | { readonly cmd: string } | { readonly file: string }

export type RestartInput = string | CommandInput | SystemdInput | Pm2Input | TouchInput

/** A command, run in `current`. */
export interface CommandInput extends HookLimits {
  readonly run: string
}

/** `systemctl restart UNIT`, by `sudo -n` unless the login is root (docs/serve.md has the line for sudoers). */
export interface SystemdInput extends HookLimits {
  /** `'shop'`, `'shop@{1,2}'`, or a list. */
  readonly systemd: string | readonly string[]
  /** Units of the login's own service manager: `systemctl --user`, without sudo. */
  readonly user?: boolean
  /** `reload-or-restart`: without an interruption, where the unit says how. */
  readonly reload?: boolean
  /** Default: unless the login is root. `false` where polkit allows it. */
  readonly sudo?: boolean
}

/** `pm2 startOrReload FILE`, or `pm2 reload NAME`. */
export interface Pm2Input extends HookLimits {
  /**
   * An ecosystem file on the hosts, outside the releases (absolute, or relative to `deployTo`), whose `cwd` is the absolute
   * path of `current`; or the name of a process that pm2 knows.
   */
  readonly pm2: string
}

/** A new file in the release, as Passenger waits for one. */
export interface TouchInput extends HookLimits {
  /** `'tmp/restart.txt'` */
  readonly touch: string
}

export interface HookLimits {
  /** Only on hosts with one of these roles. */
  readonly roles?: readonly string[]
  /** Default: 60s; 10m for prepare. */
  readonly timeout?: Duration
}

export type PrepareInput =
  | string
  | (CommandInput & {
      /** On one host only, when all hosts are ready: for migrations. */
      readonly once?: boolean
    })

/** A command, run in `current`; or a file, absolute or relative to `deployTo`. Its last lines are shown. */
export type LogsInput = string | { readonly file: string }

export type HealthInput = HttpCheckInput | TcpCheckInput | CommandCheckInput

export interface HttpCheckInput {
  /** Asked on the host itself. `$NAME` stands for a variable of the host's `env`. */
  readonly url: string
  /** Default: 200. */
  readonly status?: number
  /** Text that the body must hold. */
  readonly contains?: string
  /** Response headers, each with text that it must hold. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where the app says which release it serves: proof that it was restarted. */
  readonly release?: 'body' | { readonly header: string }
  /** Over all tries. Default: 30s. */
  readonly timeout?: Duration
  /** For one try. Default: 5s. */
  readonly tryTimeout?: Duration
  readonly roles?: readonly string[]
}

export interface TcpCheckInput {
  /** `'127.0.0.1:3000'`, or a port of 127.0.0.1: healthy when it takes a connection. `$NAME` as in `url`. */
  readonly tcp: string | number
  readonly timeout?: Duration
  readonly tryTimeout?: Duration
  readonly roles?: readonly string[]
}

export interface CommandCheckInput {
  /** Healthy when it exits 0. */
  readonly run: string
  readonly timeout?: Duration
  readonly tryTimeout?: Duration
  readonly roles?: readonly string[]
}

/** A number of hosts, or a share of them. */
export type AmountInput = number | `${number}%`

export interface RelayInput {
  /** Hosts that get the files from here. Default: 1. */
  readonly seeds?: number
  /** Where they listen while the others fetch. Default: 22022. */
  readonly port?: number
}

export interface RolloutInput {
  /** Hosts that are swapped and restarted together. Default: `100%`. */
  readonly batch?: AmountInput
  /** Hosts that stay in service. Default: 1, where there are batches. */
  readonly minUp?: AmountInput
  /** These hosts first; the others when that was found good. */
  readonly canary?: number | CanaryInput
}

export interface CanaryInput {
  readonly hosts: number
  /** How long the first hosts serve before it is looked again. Default: not at all. */
  readonly pause?: Duration
  /** A command that decides: run here, or on each of the first hosts. */
  readonly check?: string | { readonly run: string; readonly on?: 'here' | 'hosts'; readonly timeout?: Duration }
  /** Whether a person is asked. Default: only where there is no `check`. */
  readonly confirm?: boolean
}

export type BalancerInput = (
  | { readonly haproxy: HaproxyInput }
  | { readonly nginx: NginxInput }
  | { readonly command: BalancerCommandInput }
) & {
  /** Only hosts with one of these roles are behind it. */
  readonly roles?: readonly string[]
  /** How long it is waited for sessions to end. Default: 30s. */
  readonly drainTimeout?: Duration
  /** How long it is waited until a host is in service again. Default: 30s. */
  readonly readyTimeout?: Duration
  /** How long it is waited where sessions cannot be counted. Default: 5s. */
  readonly settle?: Duration
}

/** A host of the inventory by its name, any other as in `hosts`, or `local`: this machine. */
type BalancerHost = string | HostInput

/** A text with `$NAME` for a variable of the host's `env` (or `$CLONEDEPLOY_HOST`, `$CLONEDEPLOY_HOST_ADDRESS`), or one for each host. */
type ServerInput = string | Readonly<Record<string, string>>

export interface HaproxyInput {
  readonly host: BalancerHost | readonly BalancerHost[]
  /** The admin socket on that host. */
  readonly socket: string
  readonly backend: string | readonly string[]
  /** Default: the host's name. */
  readonly server?: ServerInput
}

export interface NginxInput {
  readonly host: BalancerHost | readonly BalancerHost[]
  /** The file with the `server` lines. */
  readonly upstreamFile: string
  /** Default: `nginx -t`. */
  readonly test?: string
  /** Default: `nginx -s reload`. */
  readonly reload?: string
  /** Default: the host's address, with any port. */
  readonly server?: ServerInput
}

/** Commands run on this machine, for each host. */
export interface BalancerCommandInput {
  readonly drain: string
  readonly ready: string
  /** Prints `ready`, `drain`, `maint` or `down`, and the number of sessions where it is known. */
  readonly state?: string
  /** Default: the host's name. */
  readonly server?: ServerInput
}

export interface SshInput {
  /** Default: the files that ssh reads. */
  readonly configFile?: string
  /** Default: 10s. */
  readonly connectTimeout?: Duration
  /** Hosts worked on at once. Default: 64. */
  readonly concurrency?: number
  /**
   * Who speaks SSH: `builtin` is this process, `openssh` the system's `ssh`. Default: `auto`, which takes `openssh` only
   * for hosts that need it (certificates, security keys; docs/ssh.md).
   */
  readonly transport?: 'auto' | 'builtin' | 'openssh'
}
