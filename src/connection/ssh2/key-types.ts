import type { ParsedKey } from 'ssh2'

export const CERTIFICATE = 'it is a certificate, which the built-in SSH cannot log in with'

/** Why a key of this type cannot be used by the built-in SSH; null when it can. */
export function beyondUs(type: string): string | null {
  if (/-cert-v\d+@/.test(type)) return CERTIFICATE
  if (type.startsWith('sk-')) return 'it is a FIDO key, which the built-in SSH cannot log in with'
  return null
}

/** The type of a private key in OpenSSH's format, also of an encrypted one; null in other formats. */
export function typeInPrivateKey(pem: Buffer): string | null {
  const blob = publicHalf(pem)
  return blob === null ? null : blob.toString('latin1', 4, 4 + blob.readUInt32BE(0))
}

/** OpenSSH's key format keeps the public half readable: magic, cipher, kdf, kdf options, count, public key. */
export function publicHalf(pem: Buffer): Buffer | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(pem.toString('latin1'))?.[1]
  if (!base64) return null
  const blob = Buffer.from(base64, 'base64')
  let at = 'openssh-key-v1\0'.length
  const skipString = () => {
    at += 4 + blob.readUInt32BE(at)
  }
  try {
    for (let i = 0; i < 3; i += 1) skipString()
    at += 4
    const length = blob.readUInt32BE(at)
    return blob.subarray(at + 4, at + 4 + length)
  } catch {
    return null
  }
}

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
