import type { Target } from './login-target.js'
import { ALGORITHMS } from './ssh2/algorithms.js'

/** What was found on this machine about a login, beside the ssh configuration. */
export interface Evidence {
  /** Key files with a certificate, and certificates that the agent holds. */
  readonly certificates: readonly string[]
  /** Keys that live in a FIDO device. */
  readonly securityKeys: readonly string[]
  /** Whether there is any other key to log in with. */
  readonly plainKey: boolean
  /** known_hosts trusts a certificate authority for the host, and no key of its own. */
  readonly authorityOnly: boolean
  /** known_hosts names a key of the host, or one is pinned. */
  readonly keyIsKnown: boolean
}

export interface Reasons {
  /** Why the system's ssh has to make this login; null: it has not. */
  readonly needs: string | null
  /** Why it might succeed where this process was refused. */
  readonly might: string | null
}

/** Whether a login needs the system's ssh, because ssh2 cannot do what the configuration asks for. */
export function transportFor({ beyond, proxyCommand }: Target, found: Evidence): Reasons {
  const { certificates, securityKeys, plainKey } = found
  const needs: readonly (readonly [boolean, string])[] = [
    [certificates.length > 0, `its key has a certificate, ${certificates[0]}`],
    [securityKeys.length > 0 && !plainKey, `its key is in a security key, ${securityKeys[0]}`],
    [beyond.pkcs11, 'PKCS11Provider is set for it'],
    [beyond.fdpass && proxyCommand !== null, 'ProxyUseFdpass is set for it'],
    [beyond.gssapi && !plainKey, 'there is no key to try, and GSSAPIAuthentication is on'],
    [found.authorityOnly, 'known_hosts names a certificate authority for it'],
    [beyond.knownHostsCommand && !found.keyIsKnown, 'KnownHostsCommand is set for it'],
    [!share(beyond.kex, ALGORITHMS.kex), `KexAlgorithms allows only ${beyond.kex.join(', ')}`],
  ]
  return {
    needs: needs.find(([applies]) => applies)?.[1] ?? null,
    might: securityKeys.length > 0 ? `its key is in a security key, ${securityKeys[0]}` : null,
  }
}

/** Nothing said allows everything. */
function share(allowed: readonly string[], spoken: unknown): boolean {
  return allowed.length === 0 || (spoken as readonly string[]).some(one => allowed.includes(one))
}
