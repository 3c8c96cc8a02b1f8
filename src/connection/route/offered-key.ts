import type { Client } from 'ssh2'
import type { SshConfig } from '../../config/config.js'
import { ConnectError } from '../errors.js'
import { hostKeyAlgorithms, judge, type Verdict } from '../host-keys/judge-host-key.js'
import { fingerprint, type KnownHost, knownHostsReader, namesOf, typeOf } from '../host-keys/known-hosts.js'
import { logins } from '../login.js'
import type { Target, Wanted } from '../login-target.js'
import { slots } from '../pool.js'
import { sshConfigReader } from '../ssh-config/ssh-config.js'
import { ALGORITHMS, negotiation } from '../ssh2/algorithms.js'
import type { Begin } from '../ssh2/handshake.js'
import { handshakeError } from '../ssh2/handshake-errors.js'
import type { AskPassphrase } from '../ssh2/keys.js'
import { type Reached, type ReachOptions, reachByCommand, reachDirectly } from './dial.js'
import { hopOf, reachThrough } from './jump.js'

/** The key that a host showed, and proved to hold, before anybody was authenticated. */
export interface Offer {
  readonly target: Target
  readonly key: Buffer
  readonly known: KnownHost
  readonly verdict: Verdict
}

interface GreetOptions {
  readonly timeout: number
  /** Looks for the key of this fingerprint among those that the host has. */
  readonly fingerprint: string | null
  readonly signal: AbortSignal
}

/** Asks a host for its key, and leaves. Jump hosts on the way must be trusted already, and are logged in to. */
export type Greet = (wanted: Wanted, options: GreetOptions) => Promise<Offer>

export function greeter(
  load: () => Promise<Begin>,
  ssh: Omit<SshConfig, 'stallTimeout'>,
  ask: AskPassphrase | null,
): Greet {
  const read = sshConfigReader(ssh.configFile)
  const logIn = logins(load, read, ask)

  /** A stream to the host's sshd, and how to end what leads there. */
  const way = async (target: Target, options: ReachOptions): Promise<{ reached: Reached; leave: () => void }> => {
    const hop = target.jump.at(-1)
    if (hop !== undefined) {
      const before = target.jump.slice(0, -1).join(',')
      const login = await logIn({ ...hopOf(hop), ...(before === '' ? {} : { jump: before }) }, options)
      const reached = await reachThrough({ login, slots: slots(1), release: login.close }, target).catch(error => {
        login.close()
        throw error
      })
      return { reached, leave: login.close }
    }
    if (target.proxyCommand !== null) return { reached: reachByCommand(target.proxyCommand), leave: () => {} }
    return { reached: await reachDirectly(target, options), leave: () => {} }
  }

  return async (wanted, { timeout, signal, fingerprint: wished }) => {
    const begin = await load()
    const target = await read(wanted)
    const known = await knownHostsReader()(namesOf(target), target.knownHosts)
    const sought = wished ?? target.pin
    const seen: string[] = []
    let first: Buffer | null = null
    while (hostKeyAlgorithms(known, seen).length > 0) {
      const { reached, leave } = await way(target, { timeout, signal })
      const key = await shown(begin, target, reached, { timeout, signal, known, except: seen })
        .catch(error => {
          if (first === null) throw error
          return null
        })
        .finally(leave)
      if (key === null) break
      if (sought === null || fingerprint(key) === sought)
        return { target, key, known, verdict: judge(key, known, target.pin) }
      first ??= key
      seen.push(typeOf(key))
    }
    if (first === null) throw new ConnectError('handshake', target.name, `${target.name} showed no host key`)
    return { target, key: first, known, verdict: judge(first, known, target.pin) }
  }
}

interface ShowOptions extends ReachOptions {
  readonly known: KnownHost
  readonly except: readonly string[]
}

/** Goes as far as the host's signature, hangs up, and gives the key that signed. */
async function shown(begin: Begin, target: Target, reached: Reached, options: ShowOptions): Promise<Buffer> {
  let key: Buffer | null = null
  const talk = negotiation()
  const { client, ready } = begin({
    host: target.hostname,
    port: target.port,
    username: target.user,
    sock: reached.stream,
    readyTimeout: options.timeout,
    debug: talk.hear,
    algorithms: { ...ALGORITHMS, serverHostKey: hostKeyAlgorithms(options.known, options.except) },
    // Whether it is the right one is decided by a person; nothing more is said on this connection.
    hostVerifier: (offered: Buffer): boolean => {
      key = offered
      return true
    },
    authHandler: (_methods, _partial, next) => next(false as never),
  })
  const abort = () => reached.stream.destroy()
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    if (options.signal?.aborted) abort()
    await signed(client, ready)
  } catch (error) {
    const witness = { phase: 'kex', offered: null, used: null, unsigned: [], negotiation: talk } as const
    const keys = { candidates: [], skipped: [], locked: [], next: [] }
    const auth = { state: { methods: null, partial: false, known: false } }
    throw handshakeError({
      ...{ ...witness, unsigned: [], failure: error as Error, target, auth },
      options: { ...options, keys },
      said: await reached.said(),
    })
  } finally {
    options.signal?.removeEventListener('abort', abort)
    reached.stream.destroy()
  }
  return key ?? Buffer.alloc(0)
}

/** Settles before ssh2 has asked for anything: it is hung up on in the same turn. */
function signed(client: Client, ready: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('error', reject)
    client.once('handshake', () => {
      resolve()
      client.destroy()
    })
    client.once('close', () => reject(new Error('it closed the connection')))
    ready.catch(reject)
  })
}
