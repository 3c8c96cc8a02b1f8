/** What an ssh at LogLevel=DEBUG1 says of its login, and what it says besides. */
export interface SshOutput {
  /** There is a connection to the host, or a ProxyCommand that is to make one. */
  readonly reached: boolean
  /** It heard from the other side what SSH it speaks. */
  readonly met: boolean
  readonly address: string | null
  /** Type and fingerprint of the host's key, or of its certificate. */
  readonly hostKey: { readonly type: string; readonly fingerprint: string } | null
  /** The keys that it offered, in words, and the one that was taken. */
  readonly offered: readonly string[]
  readonly accepted: string | null
  /** The host verified the login with that key, and refused it. */
  readonly denied: boolean
  readonly method: string | null
  /** The host took one method and wants another one. */
  readonly partial: boolean
  /** What it says to people. */
  readonly lines: readonly string[]
}

const noise =
  /^debug\d: |^OpenSSH_|^Authenticated to |^Pseudo-terminal |^Transferred: |^Bytes per second: |^channel \d+: open failed: /

/** LC_ALL=C. Whatever is not found is left out: nothing is concluded from it. */
export function sshOutput(log: string): SshOutput {
  const all = log.split(/\r?\n/)
  const first = (pattern: RegExp) => all.map(line => pattern.exec(line)).find(match => match !== null) ?? null
  const last = (pattern: RegExp) => all.map(line => pattern.exec(line)).findLast(match => match !== null) ?? null
  const key = last(/^debug1: Server host (?:key|certificate): (\S+) (SHA256:[^,\s]+)/)
  const accepted = last(/^debug1: Server accepts key: (.+)$/)?.[1]
  const offered = all.flatMap(line => /^debug1: Offering public key: (.+)$/.exec(line)?.[1] ?? [])
  return {
    reached: first(/^debug1: (Connection established\.|Executing proxy command: )/) !== null,
    met: first(/^debug1: Remote protocol version /) !== null,
    address: last(/^debug1: Connecting to \S+ \[(\S+)\] port \d+/)?.[1] ?? null,
    hostKey: key === null ? null : { type: key[1] ?? '', fingerprint: key[2] ?? '' },
    offered: offered.map(keyText),
    accepted: accepted === undefined ? null : keyText(accepted),
    denied: /^debug1: Server accepts key: .*\r?\ndebug1: Authentications that can continue: /m.test(log),
    method: last(/^(?:debug1: )?Authenticated to .* using "([^"]+)"/)?.[1] ?? null,
    partial: all.some(line => / with partial success\.?$/.test(line)),
    lines: all.filter(line => line.trim() !== '' && !noise.test(line)),
  }
}

/** `PATH TYPE SHA256:… [explicit] [agent]`, in our words: `agent ED25519 SHA256:…`, or the path. */
function keyText(text: string): string {
  const found = /^(.*) (\S+) (SHA256:\S+)(.*)$/.exec(text)
  if (!found) return text
  const [, path = '', type = '', print = '', how = ''] = found
  if (how.split(' ').includes('agent')) return `agent ${type} ${print}`
  if (!type.endsWith('-CERT')) return path
  return path.endsWith('.pub') ? `certificate ${path}` : `${path} with its certificate`
}
