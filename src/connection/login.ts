import { ConnectError } from './errors.js'
import { hostKeyAlgorithms } from './host-keys/judge-host-key.js'
import { knownHostsReader, namesOf, typeOf } from './host-keys/known-hosts.js'
import type { Target } from './login-target.js'
import { type Reached, type ReachOptions, reachByCommand, reachDirectly } from './route/dial.js'
import { type Lease, reachThrough } from './route/jump.js'
import { type LogIn, routed } from './route/route.js'
import type { SshConfigReader } from './ssh-config/ssh-config.js'
import { type Candidates, candidatesFor } from './ssh2/auth.js'
import { type Begin, handshake, type Login } from './ssh2/handshake.js'
import type { HandshakeOptions } from './ssh2/handshake-errors.js'
import { type AskPassphrase, type KeyRing, keyRing } from './ssh2/keys.js'

/**
 * Logs in to hosts by ssh2, through their jump hosts where they have any. Known hosts, keys and jump hosts are read, or
 * connected, once for all of them. Rejects with a ConnectError only.
 */
export function logins(
  load: () => Promise<Begin>,
  read: SshConfigReader,
  ask: AskPassphrase | null = null,
): LogIn<Login> {
  const readKnown = knownHostsReader()
  const ring = keyRing(ask)
  const unlocked = (target: Target, attempt: (keys: Candidates) => Promise<Login>) => withKeys(target, ring, attempt)
  return routed<Login, Candidates>(read, unlocked, async (target, lease, options, _wanted, keys) => {
    const known = await readKnown(namesOf(target), target.knownHosts)
    const begin = await load()
    const from = performance.now()
    const greet = async (except: readonly string[]): Promise<Login> => {
      const reached = await reach(target, lease, options)
      const timeout = options.timeout - (performance.now() - from)
      return handshake(begin, target, reached, { ...options, timeout, known, keys, except })
    }
    return target.pin === null ? greet([]) : greetPinned(greet, known)
  })
}

async function reach(target: Target, lease: Lease<Login> | null, options: ReachOptions): Promise<Reached> {
  if (lease) return reachThrough(lease, target)
  if (target.proxyCommand !== null && target.beyond.fdpass) {
    throw new ConnectError('config', target.name, `${target.name}: ProxyUseFdpass needs the system's ssh`, {
      next: ["ssh: { transport: 'openssh' } in the configuration"],
    })
  }
  if (target.proxyCommand !== null) return reachByCommand(target.proxyCommand)
  return reachDirectly(target, options)
}

/** A pin does not say which of a host's keys it is of: one type after the other is asked for. */
async function greetPinned(
  greet: (except: readonly string[]) => Promise<Login>,
  known: HandshakeOptions['known'],
): Promise<Login> {
  const seen: string[] = []
  let first: ConnectError | null = null
  while (hostKeyAlgorithms(known, seen).length > 0) {
    try {
      return await greet(seen)
    } catch (error) {
      const wrong = error instanceof ConnectError && error.kind === 'host-key-changed' ? error.offered : null
      if (wrong === null) throw first ?? error
      first ??= error as ConnectError
      seen.push(typeOf(wrong))
    }
  }
  throw first
}

/**
 * Logs in with the keys that need no question. Only where these are none, or the host takes none of them, somebody is
 * asked for the passphrases of encrypted ones: between two handshakes, so that nobody has to type against a timeout.
 */
async function withKeys<T>(target: Target, ring: KeyRing, attempt: (keys: Candidates) => Promise<T>): Promise<T> {
  const keys = await candidatesFor(target, ring)
  if (keys.locked.length === 0 || !ring.canAsk) return attempt(keys)
  if (keys.candidates.length === 0) return attempt(await candidatesFor(target, ring, ring.opened))
  try {
    return await attempt(keys)
  } catch (error) {
    if (!(error instanceof ConnectError) || error.kind !== 'auth') throw error
    const all = await candidatesFor(target, ring, ring.opened)
    const fresh = all.candidates.filter(({ key }) => !keys.candidates.some(tried => tried.key === key))
    if (fresh.length === 0) throw error
    return attempt({ ...all, candidates: fresh })
  }
}
