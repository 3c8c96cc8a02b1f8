/**
 * An object that is signed: the line that was signed, and below it the signature, as `ssh-keygen -Y sign` prints it. One
 * object, so that neither is ever there without the other; and a line, so that `head -n 1` gives the very bytes.
 */
export interface Signed {
  /** With the newline at its end. */
  readonly line: Uint8Array
  /** Null: it is not signed. */
  readonly signature: string | null
}

/** What signatures are for: one that was made for something else says nothing here. */
export const signedFor = 'clonedeploy'

export function withSignature(line: Uint8Array, signature: string): Uint8Array {
  return Buffer.concat([line, Buffer.from(signature)])
}

/** Null: below its first line stands something else than a signature. */
export function signedIn(bytes: Uint8Array): Signed | null {
  const all = Buffer.from(bytes)
  const end = all.indexOf(0x0a) + 1
  if (end === 0 || end === all.length) return { line: all, signature: null }
  const signature = all.subarray(end).toString('latin1')
  return form.test(signature) ? { line: all.subarray(0, end), signature } : null
}

const form = /^-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{1,20000}\n-----END SSH SIGNATURE-----\n$/
