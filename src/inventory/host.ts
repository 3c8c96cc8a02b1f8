/** One machine of the inventory. Data only: a live session on it is a `Connection`. */
export interface Host {
  /** Unique in the inventory; every line about the host begins with it. */
  readonly name: string
  /** Address or `~/.ssh/config` alias, as the user wrote it. What is not said here comes from `ssh -G`. */
  readonly host: string
  readonly user?: string
  readonly port?: number
  readonly identityFile?: string
  /** Path of a known_hosts file to use instead of the ones ssh would read. */
  readonly knownHosts?: string
  /** Pinned host key, `SHA256:…`, for CI. */
  readonly hostKey?: string
  /** Jump host(s) as in `ssh -J`. */
  readonly jump?: string
  readonly roles: readonly string[]
  /** Absolute, or relative to the login's home. */
  readonly deployTo: string
  readonly env: Readonly<Record<string, string>>
}

/** A host as the inventory says it: its folder is the stage's, unless it has its own. */
export interface HostEntry extends Omit<Host, 'deployTo'> {
  readonly deployTo: string | null
}

/** The name of a host that was not given one: as it is written, without the login. */
export function defaultName(host: string, port: number | undefined): string {
  if (port === undefined) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const variable = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g

/** Puts `$NAME` and `${NAME}` of the given variables into a text; an unknown name stands as it is. */
export function substitute(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(variable, (whole, braced, bare) => variables[braced ?? bare] ?? whole)
}

/** The names of the variables in a text. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(variable)].map(([, braced, bare]) => braced ?? bare ?? '')
}

/** Where the hosts of a stage come from. */
export type HostSource =
  | { readonly kind: 'list'; readonly entries: readonly HostEntry[] }
  | DynamicSource
  | CommandSource
  | { readonly kind: 'embedded'; readonly count: number }

/** Hosts that are known only when they are asked for. */
export type DynamicSource =
  | { readonly kind: 'function'; readonly call: () => unknown }
  | { readonly kind: 'file'; readonly file: string }

/** A command of the user's, on this machine, that prints the hosts. */
export interface CommandSource extends HostsCommand {
  readonly kind: 'command'
}

export interface HostsCommand {
  readonly command: string
  /** Milliseconds. */
  readonly timeout: number
  /** Of what it lists, only hosts with one of these roles are the stage's; null: all. */
  readonly roles: readonly string[] | null
}

/** The hosts web-1 … web-N that run inside this process: their ports are known when they are started. */
export function embeddedEntries(count: number): readonly HostEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `web-${i + 1}`,
    host: '127.0.0.1',
    roles: [],
    deployTo: null,
    env: {},
  }))
}
