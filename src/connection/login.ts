import { setTimeout as sleep } from 'node:timers/promises'
import type { SshConfig } from '../config/config.js'
import { candidatesFor } from './auth.js'
import { ConnectError } from './errors.js'
import { type Begin, type HandshakeOptions, handshake, type Login } from './handshake.js'
import { hostKeyAlgorithms } from './host-key.js'
import { hopOf, jumpHosts, type Lease, reachThrough } from './jump.js'
import { keyRing } from './keys.js'
import { knownHostsReader, namesOf, typeOf } from './known-hosts.js'
import { reachByCommand } from './proxy-command.js'
import { type Reached, type ReachOptions, reachDirectly } from './reach.js'
import { type Slots, slots } from './slots.js'
import { sshConfigReader } from './ssh-config.js'
import type { Target, Wanted } from './target.js'

const HANDSHAKES = 32
const TRIES = 3
const MOST_HOPS = 8

export type LogIn = (wanted: Wanted, options: ReachOptions) => Promise<Login>

/**
 * Logs in to hosts, through their jump hosts where they have any. Configuration, known hosts, keys and jump hosts are
 * read, or connected, once for all of them. Rejects with a ConnectError only.
 */
export function logins(load: () => Promise<Begin>, ssh: SshConfig): LogIn {
  const read = sshConfigReader(ssh.configFile)
  const readKnown = knownHostsReader()
  const ring = keyRing()
  const handshakes = slots(HANDSHAKES)

  const once = async (target: Target, options: ReachOptions): Promise<Login> => {
    const known = await readKnown(namesOf(target), target.knownHosts)
    const keys = await candidatesFor(target, ring)
    const begin = await load()
    const lease = target.jump.length > 0 ? await jump(target.jump, options.timeout).catch(behind(target)) : null
    const from = performance.now()
    const meet = async (except: readonly string[]): Promise<Login> => {
      const reached = await reach(target, lease, options)
      const timeout = options.timeout - (performance.now() - from)
      return handshake(begin, target, reached, { ...options, timeout, known, keys, except })
    }
    try {
      const login = await inTurn(lease, handshakes, () => (target.pin === null ? meet([]) : meetPinned(meet, known)))
      if (lease) login.closed.then(lease.release)
      return login
    } catch (error) {
      lease?.release()
      throw error
    }
  }

  const logIn = async (wanted: Wanted, via: readonly string[] | null, options: ReachOptions): Promise<Login> => {
    const target = await read(wanted)
    const hops = via ?? (await route(target, read))
    const proxyCommand = hops.length > 0 ? null : target.proxyCommand
    return retried(() => once({ ...target, jump: hops, proxyCommand }, options), options.signal)
  }

  const jump = jumpHosts((hop, via, timeout) => logIn(hop, via, { timeout }))
  return (wanted, options) => logIn(wanted, null, options).catch(asConnectError(wanted))
}

/** All hops to a host: those that its first jump host needs itself come before it. */
async function route(target: Target, read: (wanted: Wanted) => Promise<Target>): Promise<readonly string[]> {
  const hops = [...target.jump]
  for (let first = hops[0]; first !== undefined; ) {
    const before = (await read(hopOf(first))).jump
    if (hops.length + before.length > MOST_HOPS) {
      throw new ConnectError('config', target.name, `${target.name}: its jump hosts go in a circle`, {
        details: [hops.join(' ← ')],
        next: [`ssh -G ${target.alias} | grep -i proxyjump`],
      })
    }
    hops.unshift(...before)
    first = before[0]
  }
  return hops
}

function reach(target: Target, lease: Lease | null, options: ReachOptions): Promise<Reached> {
  if (lease) return reachThrough(lease, target)
  if (target.proxyCommand !== null) return Promise.resolve(reachByCommand(target.proxyCommand))
  return reachDirectly(target, options)
}

function inTurn(lease: Lease | null, handshakes: Slots, task: () => Promise<Login>): Promise<Login> {
  return lease ? lease.slots(() => handshakes(task)) : handshakes(task)
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

/** A host that drops us before the handshake is most often one that gets too many at once. */
async function retried(attempt: () => Promise<Login>, signal: AbortSignal | undefined): Promise<Login> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      const again = error instanceof ConnectError && error.kind === 'lost' && tries < TRIES && !signal?.aborted
      if (!again) throw error
      await sleep(200 * 2 ** tries * (0.5 + Math.random()))
    }
  }
}

/** Says which host it was that could not be reached because of its jump host. */
function behind(target: Target): (error: unknown) => never {
  return error => {
    if (!(error instanceof ConnectError)) throw error
    const { kind, details, next } = error
    const message = `${target.name} is behind a jump host, and ${error.message}`
    throw new ConnectError(kind, target.name, message, { details, next, cause: error })
  }
}

function asConnectError(wanted: Wanted): (error: unknown) => never {
  return error => {
    if (error instanceof ConnectError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new ConnectError('lost', wanted.name, `${wanted.name} cannot be connected to: ${why}`, { cause: error })
  }
}
