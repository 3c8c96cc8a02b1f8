import { ConnectError } from './errors.js'
import { hostKeyAlgorithms } from './host-keys/host-key.js'
import { knownHostsReader, namesOf, typeOf } from './host-keys/known-hosts.js'
import { type Lease, reachThrough } from './route/jump.js'
import { reachByCommand } from './route/proxy-command.js'
import { type Reached, type ReachOptions, reachDirectly } from './route/reach.js'
import { type LogIn, travel } from './route/travel.js'
import { withKeys } from './route/unlock.js'
import type { SshConfigReader } from './ssh-config/ssh-config.js'
import type { Candidates } from './ssh2/auth.js'
import { type Begin, handshake, type Login } from './ssh2/handshake.js'
import type { HandshakeOptions } from './ssh2/handshake-errors.js'
import { type AskPassphrase, keyRing } from './ssh2/keys.js'
import type { Target } from './target.js'

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
  return travel<Login, Candidates>(read, unlocked, async (target, lease, options, _wanted, keys) => {
    const known = await readKnown(namesOf(target), target.knownHosts)
    const begin = await load()
    const from = performance.now()
    const meet = async (except: readonly string[]): Promise<Login> => {
      const reached = await reach(target, lease, options)
      const timeout = options.timeout - (performance.now() - from)
      return handshake(begin, target, reached, { ...options, timeout, known, keys, except })
    }
    return target.pin === null ? meet([]) : meetPinned(meet, known)
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
async function meetPinned(
  meet: (except: readonly string[]) => Promise<Login>,
  known: HandshakeOptions['known'],
): Promise<Login> {
  const seen: string[] = []
  let first: ConnectError | null = null
  while (hostKeyAlgorithms(known, seen).length > 0) {
    try {
      return await meet(seen)
    } catch (error) {
      const wrong = error instanceof ConnectError && error.kind === 'host-key-changed' ? error.offered : null
      if (wrong === null) throw first ?? error
      first ??= error as ConnectError
      seen.push(typeOf(wrong))
    }
  }
  throw first
}
