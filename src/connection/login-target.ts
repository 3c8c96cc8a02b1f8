/** A machine to log in to, with everything said about it by the inventory and by the user's ssh configuration. */
export interface Target {
  /** What errors call it: the host's name, or the jump host as it was written. */
  readonly name: string
  /** As the user wrote it, for `ssh …` lines that can be copied. */
  readonly alias: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly family: 4 | 6 | null
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** Path of the agent's socket; null when there is none. */
  readonly agent: string | null
  /** Jump hosts in order, the first one nearest to us. */
  readonly jump: readonly string[]
  readonly proxyCommand: string | null
  readonly hostKeyAlias: string | null
  readonly knownHosts: readonly string[]
  /** Where a key that becomes known is written, and whether its name is hashed there; null: nowhere. */
  readonly newKnownHost: { readonly file: string; readonly hashed: boolean } | null
  /** Pinned fingerprint, `SHA256:…`. */
  readonly pin: string | null
  readonly configFile: string | null
  readonly beyond: Beyond
}

/** What the user's ssh configuration says that only the system's ssh can do. */
export interface Beyond {
  readonly certificateFiles: readonly string[]
  readonly pkcs11: boolean
  readonly gssapi: boolean
  readonly fdpass: boolean
  readonly knownHostsCommand: boolean
  /** Algorithms that are allowed, in order; empty: nothing is said. */
  readonly kex: readonly string[]
  readonly ciphers: readonly string[]
  readonly macs: readonly string[]
  readonly hostKeys: readonly string[]
  readonly userKeys: readonly string[]
}

/** What to connect to before `ssh -G` was asked. */
export interface Wanted {
  readonly name: string
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  readonly identityFile?: string | undefined
  readonly knownHosts?: string | undefined
  readonly hostKey?: string | undefined
  readonly jump?: string | undefined
}

/** `web-1 (10.0.0.11:22)`, or without the address where it says nothing new. */
export function spelled(target: Target): string {
  const address = addressOf(target)
  return address === target.name ? address : `${target.name} (${address})`
}

export function addressOf({ hostname, port }: { readonly hostname: string; readonly port: number }): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
}

/** The same login by the system's ssh, for people to try. */
export function sshLine(target: Target, ...flags: readonly string[]): string {
  const config = target.configFile === null ? [] : ['-F', target.configFile]
  const port = target.port === 22 ? [] : ['-p', String(target.port)]
  return ['ssh', ...flags, ...config, ...port, `${target.user}@${target.alias}`].join(' ')
}
