import type { Algorithms, NegotiatedAlgorithms } from 'ssh2'

const CHACHA20 = 'chacha20-poly1305@openssh.com'

/** Elliptic curves first, no SHA-1, no CBC. ChaCha20 comes last, and is good only in strict key exchange: see isExposed. */
export const ALGORITHMS: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr', CHACHA20],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
}

/** Whether somebody on the way could drop the first packets unnoticed (the Terrapin attack). */
export function isExposed({ cs, sc }: NegotiatedAlgorithms, strict: boolean): boolean {
  return !strict && [cs.cipher, sc.cipher].includes(CHACHA20)
}

/** What both sides of a key exchange offer, as ssh2 tells it while it goes on. */
export interface Negotiation {
  /** For ssh2's `debug`. */
  readonly hear: (line: string) => void
  /** The last pair of lists: where a key exchange failed, the one that has nothing in common. */
  readonly last: () => { readonly ours: readonly string[]; readonly theirs: readonly string[] }
  /** Whether both sides keep to strict key exchange, which the Terrapin attack does not get through. */
  readonly isStrict: () => boolean
}

export function negotiation(): Negotiation {
  let ours: readonly string[] = []
  let theirs: readonly string[] = []
  let strict = false
  const hear = (line: string) => {
    if (line === 'Handshake: strict KEX mode enabled') strict = true
    const [, side, list] = /^Handshake: \((local|remote)\) [^:]+: (.*)$/.exec(line) ?? []
    if (side === 'local') ours = names(list)
    if (side === 'remote') theirs = names(list)
  }
  return { hear, last: () => ({ ours, theirs }), isStrict: () => strict }
}

/** Without the words that only look like algorithms: they announce extensions. */
function names(list = ''): string[] {
  return list.split(',').filter(name => name !== '' && !/^(ext-info|kex-strict)-/.test(name))
}
