import { createHash } from 'node:crypto'
import type { ParsedKey } from 'ssh2'
import { newKey, publicLine } from '../connection/ssh2/new-key.js'
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
  const text = await keep(file, async () => (await newKey()).text)
  const key = utils.parseKey(text)
  if (key instanceof Error) throw new Error(`${file} is not a private key; remove it to get a new one`, { cause: key })
  const hash = createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')
  return { text, key, publicLine: publicLine(key), fingerprint: `SHA256:${hash}` }
}
