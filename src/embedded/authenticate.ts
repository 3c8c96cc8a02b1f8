import { timingSafeEqual } from 'node:crypto'
import type { AuthContext, ParsedKey, PublicKeyAuthContext } from 'ssh2'

/** Lets in who proves to hold the one client key, under the one login; everybody else is told to bring a public key. */
export function authenticate(attempt: AuthContext, login: string, key: ParsedKey): void {
  if (attempt.method !== 'publickey' || attempt.username !== login || !isKey(attempt, key) || !isProof(attempt, key)) {
    attempt.reject(['publickey'])
    return
  }
  attempt.accept()
}

function isKey(attempt: PublicKeyAuthContext, key: ParsedKey): boolean {
  const known = key.getPublicSSH()
  const { algo, data } = attempt.key
  return algo === key.type && data.length === known.length && timingSafeEqual(data, known)
}

/** A client may first ask, without a signature, whether the key would do: ssh2 answers that without letting it in. */
function isProof(attempt: PublicKeyAuthContext, key: ParsedKey): boolean {
  if (attempt.signature === undefined) return true
  return attempt.blob !== undefined && key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true
}
