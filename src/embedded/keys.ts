import { createHash } from 'node:crypto'
import type { ParsedKey } from 'ssh2'
import { keep } from './keep.js'
import { loadSsh2 } from './ssh2.js'

export interface KeyPair {
  /** The private key, in OpenSSH's format. */
  readonly text: string
  readonly key: ParsedKey
  /** `ssh-ed25519 AAAA…` */
  readonly publicLine: string
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string
}

/** The key of a file; made there (ed25519, 0600) when there is none. */
export async function keyPair(file: string): Promise<KeyPair> {
  const { utils } = await loadSsh2()
  const text = await keep(file, () => newKey(utils))
  const key = utils.parseKey(text)
  if (key instanceof Error) throw new Error(`${file} is not a private key; remove it to get a new one`, { cause: key })
  const blob = key.getPublicSSH()
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return { text, key, publicLine: `${key.type} ${blob.toString('base64')}`, fingerprint: `SHA256:${hash}` }
}

/** ssh2 makes an ed25519 key that it cannot read itself now and then (1.17: about one in 256); such a one is thrown away. */
export function newKey(utils: Awaited<ReturnType<typeof loadSsh2>>['utils']): string {
  for (;;) {
    const text = utils.generateKeyPairSync('ed25519').private
    if (!(utils.parseKey(text) instanceof Error)) return text
  }
}
