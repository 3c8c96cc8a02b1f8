import type { ParsedKey } from 'ssh2'

export interface NewKey {
  /** The private key (ed25519), in OpenSSH's format. */
  readonly text: string
  /** `ssh-ed25519 AAAA…` */
  readonly publicLine: string
}

/** A key that nobody had before. */
export async function newKey(): Promise<NewKey> {
  const { utils } = (await import('ssh2')).default
  // ssh2 makes one that it cannot read itself now and then (1.17: about one in 256).
  for (;;) {
    const text = utils.generateKeyPairSync('ed25519').private
    const key = utils.parseKey(text)
    if (!(key instanceof Error)) return { text, publicLine: publicLine(key) }
  }
}

/** As it stands in authorized_keys. */
export function publicLine(key: ParsedKey): string {
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}
