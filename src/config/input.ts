// The comments here are the reference in docs/configuration.md: `npm run reference` writes it.

/** `'30s'`, `'5m'`, `'1h30m'`, `'500ms'`, or a number of seconds. */
export type Duration = string | number

/** What deploy.config.ts exports. Relative paths are relative to its folder. */
export interface ConfigInput extends StageInput {
  /**
   * Named targets. Each stage says only what differs from the keys above it; `env`, `secrets` and `shared` are merged one
   * level deep.
   * @example { production: { protected: true }, staging: { hosts: ['stage-1'] } }
   */
  readonly stages?: Readonly<Record<string, StageInput>>
  /**
   * The stage to use when the command line names none.
   * @example 'staging'
   */
  readonly defaultStage?: string
}

export interface StageInput {
  /**
   * The name of the app: letters, digits, `.`, `_` and `-`. Required.
   * @example 'shop'
   */
  readonly app?: string
  /**
   * What is built. `{ git }` is built from a clean checkout of one revision: what lies uncommitted beside it is not
   * deployed, and the attributes `export-ignore` (without `include`) and `export-subst` do what they do for `git archive`.
   * `{ dir }` takes a folder as it is, `{ artifact }` [what CI built](operating.md#what-ci-built). `.deployignore` (gitignore's syntax; of `{ git }`, as it is committed) leaves files out. `.git` is never
   * packed. `.env` and `.env.*` are packed if git tracks them, or if `include` or a `!` line of `.deployignore` names them.
   * @default { git: '.', ref: 'HEAD' }
   * @example { git: '.', ref: 'main', subdir: 'apps/web' }
   */
  readonly source?: SourceInput
  /**
   * Commands that build the release, once, on your machine. They see the environment of clonedeploy and what `build.env`
   * says: no `env` (with its NODE_ENV, npm would not install what builds), and no secrets.
   * @default no build
   * @example ['npm ci', 'npm run build']
   */
  readonly build?: BuildInput
  /**
   * A folder of the build that is the release, relative to the source (and its `subdir`). `include`, `shared`, `writable`,
   * `.deployignore` and what runs in the release are then relative to it, and `REVISION` lies in it.
   * @default the folder of the source
   * @example '.next/standalone'
   */
  readonly root?: string
  /**
   * Files, folders or patterns that make up the release.
   * @default everything that `.deployignore` does not name
   * @example ['dist', 'node_modules', 'package.json']
   */
  readonly include?: string | readonly string[]
  /**
   * The folder on the hosts that holds `current`, `releases` and `shared`: absolute, or relative to the login's home. Each
   * app and each stage needs one of its own; [taking over another's](operating.md#a-renamed-app). Required.
   * @example '/srv/shop'
   */
  readonly deployTo?: string
  /**
   * The machines to deploy to: a list, a function that returns one, a JSON file that holds one, or a
   * [command](inventory.md) that prints one, such as `ansible-inventory --list`. `{ embedded: 3 }` starts
   * SSH hosts inside the process, for trying clonedeploy out. `'web-1'` and `'deploy@10.0.0.2:2222'` are short forms of
   * the object. What a host does not say comes from your ssh config. Required.
   * @example ['web-1', 'deploy@10.0.0.2:2222', { name: 'web-3', host: '10.0.0.3', jump: 'bastion', roles: ['web'] }]
   */
  readonly hosts?: HostsInput
  /**
   * Paths that outlive releases. They are kept in `shared/` on the host and linked into each release; they are never packed.
   * @example { dirs: ['uploads'], files: ['.env'] }
   */
  readonly shared?: SharedInput
  /**
   * Paths that the app may write in its release: caches, compiled templates, logs. `*` stands for a part of a name, `**` for
   * folders. Each release begins with what was built there, shares it with no other release, and nobody compares it afterwards.
   * @default nothing: what the app adds to its release is told, what it changes is drift
   * @example ['.next/cache', 'storage/**']
   */
  readonly writable?: readonly string[]
  /**
   * Environment of every hook.
   * @example { NODE_ENV: 'production' }
   */
  readonly env?: Readonly<Record<string, string | number>>
  /**
   * Environment of the hooks, for values that nobody may see. Each entry says where its value is read from on your machine,
   * when a run needs it. A secret travels over stdin, appears on no command line and in no release, and is hidden in all
   * output and logs.
   * @example { DB_URL: { env: 'DB_URL' }, API_KEY: { cmd: 'pass show shop/api' }, TOKEN: { file: '~/.shop-token' } }
   */
  readonly secrets?: Readonly<Record<string, SecretInput>>
  /**
   * Commands that run in the new release on every host, before any host is swapped.
   * @example ['npm run check', { run: 'npm run migrate', once: true, timeout: '20m' }]
   */
  readonly prepare?: PrepareInput | readonly PrepareInput[]
  /**
   * What makes the app serve the release that `current` points at: a command, a systemd unit, pm2, a file to touch, or
   * [four commands](rollout.md#warm-then-cut-over) that start it before any user meets it.
   * Several run one after the other. It runs again, for the old release, when the fleet goes back.
   * @default nothing is restarted
   * @example { systemd: 'shop' }
   */
  readonly restart?: RestartInput | readonly RestartInput[]
  /**
   * What must hold on every host after the restart; if it does not, all hosts go back. The check reaches the address as
   * the host sees it, through the SSH connection.
   * @default no check
   * @example { url: 'http://127.0.0.1:3000/healthz', release: 'body' }
   */
  readonly health?: HealthInput | readonly HealthInput[]
  /**
   * What it means when a process of an older release is left after restart and health: all hosts go back, or a warning. A
   * host without a restart only warns.
   * @default 'fail'
   * @example 'warn'
   */
  readonly oldProcesses?: 'fail' | 'warn'
  /**
   * What it means when a host has not the memory for two releases, which run side by side where the restart is
   * [warm](rollout.md#warm-then-cut-over): a deploy is refused before anything is sent, or a warning. A rollback only warns.
   * @default 'fail'
   * @example 'warn'
   */
  readonly memory?: 'fail' | 'warn'
  /**
   * What it means when a host cannot run a program or library of the release (another machine, libc or system): a deploy
   * is [refused before anything is sent](operating.md#another-platform), or nothing.
   * @default 'fail'
   * @example 'ignore'
   */
  readonly platform?: 'fail' | 'ignore'
  /**
   * Commands that print a version: what they print first has to be [the same on every host](operating.md#another-runtime), and
   * `check` and `status` name hosts on which it is not. They run in `current` with the environment of hooks but no secrets,
   * for 10 seconds at most.
   * @default nothing is asked
   * @example ['node --version', { run: 'php --version', roles: ['web'] }]
   */
  readonly runtime?: RuntimeInput | readonly RuntimeInput[]
  /**
   * Where the app's log is on the hosts, for `clonedeploy logs` and for failures.
   * @default the log of systemd or pm2, where one is restarted
   * @example { file: 'shared/log/app.log' }
   */
  readonly logs?: LogsInput
  /**
   * What `clonedeploy audit` passes over, where it looks for sessions too, and what it asks of every host. [How](operating.md#data-of-users).
   * @example { ignore: ['log/**'], ask: ['/'] }
   */
  readonly audit?: AuditInput
  /**
   * When `prepare` made different files on different hosts: stop, or warn and go on. Files that may differ
   * belong in `writable`, which is not compared.
   * @default 'strict'
   * @example 'warn'
   */
  readonly identical?: 'strict' | 'warn'
  /**
   * How a release gets the files that did not change. `auto` makes hard links to the release before, where the host shows
   * that nothing has written into it; `copy` copies and reads every file, for apps that change their own files.
   * @default 'auto'
   * @example 'copy'
   */
  readonly unchanged?: 'auto' | 'copy'
  /**
   * Hosts hand the files on to each other, where your uplink is slower than the network between them.
   * [How](ssh.md#hosts-that-hand-the-files-on).
   * @default false
   * @example { seeds: 1, port: 22022 }
   */
  readonly relay?: boolean | RelayInput
  /**
   * How many releases each host keeps: the one it serves, and older ones to roll back to.
   * @default 5
   * @example 10
   */
  readonly keepReleases?: number
  /**
   * How many hosts change at a time, and which go first. [How](rollout.md).
   * @default { batch: '100%' }
   * @example { batch: '25%', minUp: 3, canary: { hosts: 1, pause: '5m', check: './smoke-test' } }
   */
  readonly rollout?: RolloutInput
  /**
   * The load balancer in front of the hosts. Hosts are drained while their batch changes. [How](rollout.md#load-balancers).
   * @example { haproxy: { host: 'lb-1', socket: '/run/haproxy/admin.sock', backend: 'web' } }
   */
  readonly balancer?: BalancerInput
  /**
   * Where the files of releases, and what the fleet serves, lie for every clone: a bucket that speaks S3, or a folder.
   * [How](store.md).
   * @example { s3: { bucket: 'acme-deploys', region: 'eu-central-1' } }
   */
  readonly store?: StoreInput
  /**
   * Signs what the store is told. [How](store.md#signatures).
   * @example { key: '~/.ssh/deploy_sign' }
   */
  readonly sign?: SignInput
  /**
   * Whose signatures are believed in the store: a file in OpenSSH's form of allowed signers. What nobody of them signed is refused.
   * [How](store.md#signatures).
   * @example './allowed_signers'
   */
  readonly allowedSigners?: string
  /**
   * Who is told how runs begin and end: webhooks of Slack, Discord, Mattermost, or of your own. What cannot be sent is a
   * warning. [How](notify.md).
   * @default nobody
   * @example { url: { env: 'SLACK_URL' } }
   */
  readonly notify?: NotifyInput | readonly NotifyInput[]
  /**
   * How hosts are reached. [How](ssh.md).
   * @example { configFile: './ssh_config', connectTimeout: '5s' }
   */
  readonly ssh?: SshInput
  /**
   * Deploying asks first, and needs `--yes` where nobody can be asked.
   * @default false
   * @example true
   */
  readonly protected?: boolean
}

export type SourceInput =
  | {
      /** A repository's folder or address. */
      readonly git: string
      /**
       * Branch, tag or commit.
       * @default 'HEAD'
       */
      readonly ref?: string
      /** The folder of a monorepo to build. */
      readonly subdir?: string
      /**
       * Check out submodules, too. A commit that has some is refused until this says yes, or no: then their folders are empty.
       */
      readonly submodules?: boolean
    }
  | {
      /** A folder, taken as it is. */
      readonly dir: string
    }
  | {
      /**
       * What CI built: a tar (plain, gzip, or zstd with Node 22.15), or a folder. It is [looked through](operating.md#what-ci-built)
       * before it is used, and nothing is built from it.
       */
      readonly artifact: string
    }

export type RuntimeInput =
  | string
  | {
      /** The command, for `sh`. */
      readonly run: string
      /** Only hosts with one of these roles are asked, and compared. */
      readonly roles?: readonly string[]
    }

export interface AuditInput {
  /**
   * Paths that hold no data of users: as in a release, or absolute. `*` stands for a part of a name, `**` for folders.
   * @default nothing but the file of `logs`
   * @example ['log/**', 'tmp/pids']
   */
  readonly ignore?: readonly string[]
  /**
   * Folders of session files beside [the usual ones](operating.md#data-of-users): as in a release, or absolute.
   * @example ['/var/lib/shop/sessions']
   */
  readonly sessions?: readonly string[]
  /**
   * Addresses that every host has to answer alike. A text is short for `{ url }`. [How](operating.md#the-same-answer-from-any-host).
   * @example ['/', { url: '/api/products/1', headers: { accept: 'application/json' } }]
   */
  readonly ask?: readonly (string | AskInput)[]
  /** A user who logs in on one host has to be known on all others. [How](operating.md#a-login-on-one-host). */
  readonly login?: LoginInput
}

export interface AskInput {
  /** A path of what `health` asks by HTTP, or a whole address, as the host sees it. `$NAME` stands for a variable of `env`, or of the host's `env`. */
  readonly url: string
  /** Headers of the request: text, or the place that holds a secret. */
  readonly headers?: Readonly<Record<string, string | SecretInput>>
  /** What of the answers is not compared. */
  readonly ignore?: {
    /** Headers, by their names. */
    readonly headers?: readonly string[]
    /** Lines of the body that hold one of these texts. */
    readonly lines?: readonly string[]
  }
}

export interface LoginInput {
  /** The request that logs a user in, as a form of the app sends it. */
  readonly request: LoginRequestInput
  /** A page that knows the user: a path, or an address with headers, as in `ask`. */
  readonly page: string | LoginPageInput
  /** Text that this page has for this user alone: the user's name. */
  readonly expect: string
}

export interface LoginPageInput {
  /** Path or address, as in `ask`. */
  readonly url: string
  /** Headers of the request, as in `ask`. */
  readonly headers?: Readonly<Record<string, string | SecretInput>>
}

export interface LoginRequestInput {
  /** Path or address, as in `ask`. */
  readonly url: string
  /**
   * The method.
   * @default 'POST'
   */
  readonly method?: 'POST' | 'PUT' | 'GET'
  /** Headers of the request, as in `ask`. */
  readonly headers?: Readonly<Record<string, string | SecretInput>>
  /**
   * Fields of the form: text, or the place that holds a secret.
   * @example { user: 'audit', password: { env: 'AUDIT_PASSWORD' } }
   */
  readonly form?: Readonly<Record<string, string | SecretInput>>
  /** The same as JSON, in place of `form`. */
  readonly json?: Readonly<Record<string, string | SecretInput>>
  /** A hidden field that the form has to send back (against forged requests). */
  readonly token?: {
    /** The page that has the form: a path or an address. */
    readonly page: string
    /** The name of the field. */
    readonly field: string
  }
}

export type HostsInput =
  | readonly (string | HostInput)[]
  | (() => readonly (string | HostInput)[] | Promise<readonly (string | HostInput)[]>)
  | `${string}.json`
  | {
      /**
       * In place of a list: a command for `sh` on your machine, run in the folder of the configuration. It prints a list of
       * hosts as JSON, or what `ansible-inventory --list` prints. [How](inventory.md).
       */
      readonly command: string
      /**
       * How long the command may take.
       * @default '60s'
       */
      readonly timeout?: Duration
      /**
       * Of what the command lists, only hosts with one of these roles.
       * @default all hosts
       */
      readonly roles?: readonly string[]
    }
  | {
      /** In place of a list: how many SSH hosts to start inside the process. */
      readonly embedded: number
    }

export interface HostInput {
  /**
   * Unique in the inventory.
   * @default the host, with its port where one is given
   */
  readonly name?: string
  /**
   * Address or ssh config alias.
   * @default the name
   */
  readonly host?: string
  /** Port of sshd. */
  readonly port?: number
  /** Who logs in. */
  readonly user?: string
  /** Private key file to log in with. */
  readonly identityFile?: string
  /** A known_hosts file to use instead of those that ssh reads. */
  readonly knownHosts?: string
  /** The one host key that is accepted: `SHA256:…`, as `ssh-keygen -lf` prints it. */
  readonly hostKey?: string
  /** Jump hosts, as in `ssh -J`. */
  readonly jump?: string
  /** Labels, for `--role` and for hooks that run on some hosts only. */
  readonly roles?: readonly string[]
  /** The folder on this host, where it differs. */
  readonly deployTo?: string
  /** Variables of this host: for hooks, and for `$NAME` in health checks. */
  readonly env?: Readonly<Record<string, string | number>>
}

export interface SharedInput {
  /** Folders; made when they are missing. Where one is empty, it begins with the files that git tracks of it. */
  readonly dirs?: readonly string[]
  /** Files; they must be in `shared/` before the first deploy. */
  readonly files?: readonly string[]
}

export type SecretInput =
  | {
      /** The name of an environment variable on your machine. */
      readonly env: string
    }
  | {
      /** A command on your machine that prints the value. */
      readonly cmd: string
    }
  | {
      /** A file on your machine that holds the value. */
      readonly file: string
    }

export type RestartInput = string | CommandInput | SystemdInput | Pm2Input | TouchInput | WarmInput | PortsInput

/** The new release runs, healthy, on every host before any user meets it on one; the old one runs on until the end. [More](rollout.md#warm-then-cut-over). */
export interface WarmInput extends HookLimits {
  /** Starts the new release beside the one that has the traffic. Run in the release. */
  readonly warm: string
  /** Exits with 0 once it is healthy there; asked until `timeout` is over. Run in the release. */
  readonly ready: string
  /** Gives `$CLONEDEPLOY_RELEASE` the traffic, and starts it first where it does not run. Run in `current`; also on the way back, for the old release. */
  readonly switch: string
  /** Ends all processes but those of `$CLONEDEPLOY_RELEASE` and those that have the traffic, when they have answered what they have begun. Run in the release that was warmed. */
  readonly cool: string
}

/**
 * A process for each of two ports a host: the new release runs, healthy, on the idle port of every host before the balancer
 * sends anybody there, on all hosts at once. [More](rollout.md#two-ports-and-the-balancers-flip). Needs `balancer`: HAProxy or nginx.
 */
export interface PortsInput extends HookLimits {
  /** The two ports; commands, `health` and the balancer's `server` see one of them as `$CLONEDEPLOY_PORT`. */
  readonly ports: readonly [number, number]
  /** The template of units that has the port as instance: `'shop@'` for `shop@.service`. Its working folder is `ports/%i`. */
  readonly systemd?: string
  /**
   * Units of the login's own service manager: `systemctl --user`, without sudo.
   * @default false
   */
  readonly user?: boolean
  /**
   * Whether `systemctl` is run by `sudo -n`; by default unless the login is root.
   */
  readonly sudo?: boolean
  /** Instead of `systemd`: starts the release on `$CLONEDEPLOY_PORT`, unless it runs there. Run in the release. */
  readonly start?: string
  /** Ends what runs on `$CLONEDEPLOY_PORT`, when it has answered what it has begun; nothing there is fine. Run in the release. */
  readonly stop?: string
}

export interface CommandInput extends HookLimits {
  /** A command, run in `current`. */
  readonly run: string
}

export interface SystemdInput extends HookLimits {
  /** Units to restart: `'shop'`, `'shop@{1,2}'`, or a list. By `sudo -n`, [with this line for sudoers](serve.md#restart). */
  readonly systemd: string | readonly string[]
  /**
   * Units of the login's own service manager: `systemctl --user`, without sudo.
   * @default false
   */
  readonly user?: boolean
  /**
   * `reload-or-restart` instead of `restart`: no interruption, if the unit has an `ExecReload=`.
   * @default false
   */
  readonly reload?: boolean
  /**
   * Whether to use sudo; `false` where polkit allows the restart.
   * @default unless the login is root
   */
  readonly sudo?: boolean
}

export interface Pm2Input extends HookLimits {
  /**
   * An ecosystem file on the hosts, outside the releases (absolute, or relative to `deployTo`), whose `cwd` is the absolute
   * path of `current`; or the name of a process that pm2 knows. [More](serve.md#restart).
   */
  readonly pm2: string
}

export interface TouchInput extends HookLimits {
  /** A file to make anew in the release, such as `tmp/restart.txt` for Passenger. */
  readonly touch: string
}

export interface HookLimits {
  /**
   * Only on hosts with one of these roles.
   * @default all hosts
   */
  readonly roles?: readonly string[]
  /**
   * How long it may take, where the host has `timeout`.
   * @default '60s'
   */
  readonly timeout?: Duration
}

export type BuildInput = string | readonly string[] | BuildCommandsInput

export interface BuildCommandsInput {
  /** The commands. */
  readonly run: string | readonly string[]
  /** Environment of these commands alone. */
  readonly env?: Readonly<Record<string, string | number>>
  /**
   * What the first command makes and is kept for the next build: folders, such as `['node_modules']`. While the same files
   * decide it, they are put back, and the first command is not run. [How](operating.md#dependencies-between-builds).
   * @default nothing: every build of another commit begins from nothing
   */
  readonly cache?: readonly string[] | BuildCacheInput
}

export interface BuildCacheInput {
  /** Folders that the first command makes, relative to the folder of the build. */
  readonly paths: readonly string[]
  /**
   * Files or patterns of the commit that decide what the first command makes.
   * @default for npm, pnpm, yarn and bun: lock files, `package.json`, their settings and patches
   */
  readonly key?: string | readonly string[]
}

export type PrepareInput = string | PrepareCommandInput

export interface PrepareCommandInput {
  /** A command, run in the new release. */
  readonly run: string
  /**
   * On one host only, when all hosts are prepared: for migrations.
   * @default false
   */
  readonly once?: boolean
  /**
   * Only on hosts with one of these roles.
   * @default all hosts
   */
  readonly roles?: readonly string[]
  /**
   * How long it may take, where the host has `timeout`.
   * @default '10m'
   */
  readonly timeout?: Duration
}

export type LogsInput =
  | string
  | {
      /** A file, absolute or relative to `deployTo`. Text instead of an object is a command that runs in `current`. */
      readonly file: string
    }

export type HealthInput = HttpCheckInput | TcpCheckInput | CommandCheckInput | SameCheckInput

export interface SameCheckInput {
  /** Addresses that all hosts have to answer alike before a deploy is confirmed; a text is short for `{ url }`. [How](serve.md#the-same-answer-from-all). */
  readonly same: readonly (string | SameAskInput)[]
}

export interface SameAskInput {
  /** A path of what another check asks by HTTP, or a whole address. `$NAME` stands for a variable of `env`, or of the host's `env`. */
  readonly url: string
  /** Headers of the request. */
  readonly headers?: Readonly<Record<string, string>>
  /** What of the answers is not compared. */
  readonly ignore?: {
    /** Headers, by their names. */
    readonly headers?: readonly string[]
    /** Lines of the body that hold one of these texts. */
    readonly lines?: readonly string[]
  }
}

export interface HttpCheckInput extends CheckLimits {
  /** Requested on the host itself. `$NAME` stands for a variable of `env`, of the host's `env`, or a secret. */
  readonly url: string
  /**
   * The status that the response must have.
   * @default 200
   */
  readonly status?: number
  /** Text that the body must contain. */
  readonly contains?: string
  /** Response headers, each with text that it must contain. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where the app says which release it serves: proof that it was restarted. [How](serve.md#health). */
  readonly release?:
    | 'body'
    | {
        /** The response header that names the release. */
        readonly header: string
      }
}

export interface TcpCheckInput extends CheckLimits {
  /** `'127.0.0.1:3000'`, or a port of 127.0.0.1: healthy when it accepts a connection. `$NAME` as in `url`. */
  readonly tcp: string | number
}

export interface CommandCheckInput extends CheckLimits {
  /** A command in `current`: healthy when it exits 0. */
  readonly run: string
}

export interface CheckLimits {
  /**
   * How long all tries may take together.
   * @default '30s'
   */
  readonly timeout?: Duration
  /**
   * How long one try may take.
   * @default '5s'
   */
  readonly tryTimeout?: Duration
  /**
   * Only on hosts with one of these roles.
   * @default all hosts
   */
  readonly roles?: readonly string[]
}

/** A number of hosts, or a share of them. */
export type AmountInput = number | `${number}%`

export interface RelayInput {
  /**
   * How many hosts get the files from your machine.
   * @default 1
   */
  readonly seeds?: number
  /**
   * The port at which they listen while the others fetch.
   * @default 22022
   */
  readonly port?: number
}

export type StoreInput =
  | {
      /** A bucket of anything that speaks S3. */
      readonly s3: {
        /** The bucket, which is there already. */
        readonly bucket: string
        /** A folder in it: before the key of every object. */
        readonly prefix?: string
        /** The region of the bucket; without one, what AWS's own settings say. */
        readonly region?: string
        /** Of a store that is not AWS's: its address. */
        readonly endpoint?: string
      }
    }
  | {
      /** A folder: for one machine, or to try a store out. */
      readonly dir: string
    }

export interface SignInput {
  /** A private key, or a public key whose private half the ssh agent holds. */
  readonly key: string
}

export interface NotifyInput {
  /**
   * The webhook's address, a secret: the place that holds it, or `process.env.SLACK_URL`. Where it is not set, a run warns.
   */
  readonly url: WebhookUrlInput | undefined
  /**
   * Whom the body is for. `json` has the keys that [notify.md](notify.md#as-json) names.
   * @default by the address: of Slack, of Discord, `/hooks/` in its path for Mattermost, else `json`
   */
  readonly as?: 'slack' | 'discord' | 'mattermost' | 'json'
  /**
   * [What is told](notify.md#what-is-told).
   * @default all of it
   * @example ['put-back', 'mixed']
   */
  readonly on?: readonly NotifyEvent[]
}

export type WebhookUrlInput =
  | string
  | {
      /** The name of an environment variable on your machine. */
      readonly env: string
    }
  | {
      /** A file on your machine that holds the address. */
      readonly file: string
    }

type NotifyEvent =
  | 'started'
  | 'deployed'
  | 'promoted'
  | 'rolled-back'
  | 'restarted'
  | 'repaired'
  | 'joined'
  | 'put-back'
  | 'aborted'
  | 'mixed'

export interface RolloutInput {
  /**
   * Hosts that change together.
   * @default '100%'
   */
  readonly batch?: AmountInput
  /**
   * Hosts that stay in service at any moment.
   * @default 1 where there are batches
   */
  readonly minUp?: AmountInput
  /** These hosts go first; the others follow once they were found good. A number is short for `{ hosts }`. */
  readonly canary?: number | CanaryInput
  /** A deploy can still go back for a while once it is healthy everywhere. [How](rollout.md#bake-time). */
  readonly bake?: BakeInput
}

export interface BakeInput {
  /** How long all hosts serve the release before it is confirmed. */
  readonly for: Duration
  /**
   * A command that must exit 0 on your machine each time, or an address that must answer it.
   * @default none: only the hosts are watched
   */
  readonly check?: string | BakeCommandInput | BakeRequestInput
  /**
   * How often it is asked.
   * @default '15s'
   */
  readonly every?: Duration
  /**
   * How many failing answers, one after another, put the fleet back.
   * @default 1
   */
  readonly failures?: number
  /**
   * Whether it also begins after each batch, for the hosts that have swapped by then, before the next batch follows.
   * @default false
   */
  readonly perBatch?: boolean
}

export interface BakeCommandInput {
  /** The command. */
  readonly run: string
  /**
   * How long it may take.
   * @default '30s'
   */
  readonly timeout?: Duration
}

export interface BakeRequestInput {
  /** The address. `$NAME` in it is a variable of the configuration's `env`. */
  readonly url: string
  /**
   * Status of the answer.
   * @default 200
   */
  readonly status?: number
  /** Text that the body must hold. */
  readonly contains?: string
  /** Headers of the answer and text that they must hold. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * How long it may take.
   * @default '30s'
   */
  readonly timeout?: Duration
}

export interface CanaryInput {
  /** How many hosts go first. */
  readonly hosts: number
  /**
   * How long they serve alone before they are checked again.
   * @default no pause
   */
  readonly pause?: Duration
  /** A command that must exit 0: on your machine, or on each of the first hosts. */
  readonly check?: string | CanaryCheckInput
  /**
   * Whether a person is asked.
   * @default only without a `check`
   */
  readonly confirm?: boolean
}

export interface CanaryCheckInput {
  /** The command. */
  readonly run: string
  /**
   * Where it runs.
   * @default 'here'
   */
  readonly on?: 'here' | 'hosts'
  /**
   * How long it may take.
   * @default '60s'
   */
  readonly timeout?: Duration
}

export type BalancerInput = (
  | {
      /** HAProxy, told through its runtime API. */
      readonly haproxy: HaproxyInput
    }
  | {
      /** nginx, told by its upstream file. */
      readonly nginx: NginxInput
    }
  | {
      /** Any other: commands on your machine, run for each host. */
      readonly command: BalancerCommandInput
    }
) & {
  /**
   * Only hosts with one of these roles are behind it.
   * @default all hosts
   */
  readonly roles?: readonly string[]
  /**
   * How long sessions get to end.
   * @default '30s'
   */
  readonly drainTimeout?: Duration
  /**
   * How long a host gets to be in service again.
   * @default '30s'
   */
  readonly readyTimeout?: Duration
  /**
   * How long to wait where sessions cannot be counted.
   * @default '5s'
   */
  readonly settle?: Duration
}

/** A host of the inventory by its name, any other as in `hosts`, or `local`: your machine. */
type BalancerHost = string | HostInput

/** Text with `$NAME` for a variable of the host's `env` (or `$CLONEDEPLOY_HOST`, `$CLONEDEPLOY_HOST_ADDRESS`), or one for each host. */
type ServerInput = string | Readonly<Record<string, string>>

export interface HaproxyInput {
  /** Where HAProxy runs: a host of the inventory by its name, any other as in `hosts`, or `local`. */
  readonly host: BalancerHost | readonly BalancerHost[]
  /** The admin socket on that host. */
  readonly socket: string
  /** The backends to drain hosts in. */
  readonly backend: string | readonly string[]
  /**
   * What a host is called there: text with `$NAME` for a variable of its `env`, or a name for each host.
   * @default the host's name
   */
  readonly server?: ServerInput
}

export interface NginxInput {
  /** Where nginx runs, as for HAProxy. */
  readonly host: BalancerHost | readonly BalancerHost[]
  /** The file with the `server` lines. */
  readonly upstreamFile: string
  /**
   * Checks the file.
   * @default 'nginx -t'
   */
  readonly test?: string
  /**
   * Makes nginx read it.
   * @default 'nginx -s reload'
   */
  readonly reload?: string
  /**
   * What a host is called in the file, as for HAProxy. Where hosts have [two ports](rollout.md#by-nginx), `:PORT` is added unless it says `$CLONEDEPLOY_PORT`.
   * @default the host's address, with any port
   */
  readonly server?: ServerInput
}

export interface BalancerCommandInput {
  /** Takes a host out of service. */
  readonly drain: string
  /** Puts it back. */
  readonly ready: string
  /** Prints `ready`, `drain`, `maint` or `down`, and the number of sessions where it is known. */
  readonly state?: string
  /**
   * What a host is called there, as for HAProxy.
   * @default the host's name
   */
  readonly server?: ServerInput
}

export interface SshInput {
  /**
   * The ssh configuration to read.
   * @default the files that ssh reads
   */
  readonly configFile?: string
  /**
   * How long a connection may take.
   * @default '10s'
   */
  readonly connectTimeout?: Duration
  /**
   * How long a step may make no progress: no byte comes from the host, and it takes none. Hooks, restarts and health checks
   * have limits of their own, as have steps that are short.
   * @default '10m'
   */
  readonly stallTimeout?: Duration
  /**
   * Hosts worked on at once.
   * @default 64
   */
  readonly concurrency?: number
  /**
   * Who speaks SSH: `builtin` is this process, `openssh` the system's `ssh`; `auto` uses `ssh` only for hosts that need it
   * (certificates, security keys). [More](ssh.md#when-auto-takes-ssh).
   * @default 'auto'
   */
  readonly transport?: 'auto' | 'builtin' | 'openssh'
}

/** Gives the config its type, for the editor; changes nothing. */
export function defineConfig(input: ConfigInput): ConfigInput {
  return input
}
