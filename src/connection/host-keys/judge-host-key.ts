import type { ServerHostKeyAlgorithm } from 'ssh2'
import { fingerprint, type KnownHost, type KnownKey, typeOf } from './known-hosts.js'

/** Whether a key that a host offered is its own, by what we know of it. There is no switch to turn this off. */
export type Verdict =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'revoked'; readonly by: KnownKey }
  | { readonly kind: 'changed'; readonly known: readonly KnownKey[] }
  | { readonly kind: 'wrong-pin' }
  | { readonly kind: 'unknown' }

export function judge(key: Buffer, known: KnownHost, pin: string | null): Verdict {
  const same = (entry: KnownKey) => entry.key.equals(key)
  const revoked = known.revoked.find(same)
  if (revoked) return { kind: 'revoked', by: revoked }
  if (pin !== null) return { kind: fingerprint(key) === withoutPadding(pin) ? 'trusted' : 'wrong-pin' }
  if (known.trusted.some(same)) return { kind: 'trusted' }
  return known.trusted.length > 0 ? { kind: 'changed', known: known.trusted } : { kind: 'unknown' }
}

/**
 * Signature algorithms to offer, those of known keys first: a host with several keys would else show one that we do
 * not know. `except` leaves out key types that were seen and did not have the pinned fingerprint.
 */
export function hostKeyAlgorithms(known: KnownHost, except: readonly string[] = []): ServerHostKeyAlgorithm[] {
  const knownTypes = new Set(known.trusted.map(entry => entry.type))
  const types = Object.keys(ALGORITHMS).filter(type => !except.includes(type))
  const ordered = [...types.filter(type => knownTypes.has(type)), ...types.filter(type => !knownTypes.has(type))]
  return ordered.flatMap(type => ALGORITHMS[type] ?? [])
}

/** `ED25519 SHA256:…` */
export function spelledKey(key: Buffer): string {
  return `${shortType(typeOf(key))} ${fingerprint(key)}`
}

/** `ed25519`, `ecdsa`, `rsa`: what ssh-keygen, ssh-keyscan and the files in /etc/ssh call a type. */
export function shortType(type: string): string {
  if (type.startsWith('ecdsa')) return 'ECDSA'
  return type.replace(/^ssh-/, '').toUpperCase()
}

/** RSA keys sign with SHA-2 only. */
const ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

function withoutPadding(pin: string): string {
  return pin.trim().replace(/=+$/, '')
}
