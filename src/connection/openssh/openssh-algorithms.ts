import type { Beyond } from '../target.js'

/**
 * Options that take out of the user's lists what must not be used, whoever speaks SSH: SHA-1, and the ciphers that the
 * Terrapin attack bears on (CBC, and chacha20-poly1305: ssh does not tell whether it keeps to strict key exchange). A list
 * that needs nothing taken out is left to ssh and the host's keys.
 */
export function safeAlgorithms({ kex, ciphers, macs, hostKeys, userKeys }: Beyond): string[] {
  return [
    ...without('KexAlgorithms', kex, /-sha1$/),
    ...without('Ciphers', ciphers, /^chacha20-poly1305|-cbc/),
    ...without('MACs', macs, /sha1|md5/),
    ...without('HostKeyAlgorithms', hostKeys, /^ssh-(rsa|dss)(-cert|$)/),
    ...without('PubkeyAcceptedKeyTypes', userKeys, /^ssh-(rsa|dss)(-cert|$)/),
  ]
}

/** A list of which nothing is left is given as removals from ssh's own. */
function without(option: string, list: readonly string[], bad: RegExp): string[] {
  const good = list.filter(name => !bad.test(name))
  if (good.length === list.length) return []
  return [`${option}=${good.length > 0 ? good.join(',') : `-${list.join(',')}`}`]
}
