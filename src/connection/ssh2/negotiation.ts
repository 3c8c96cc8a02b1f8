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
