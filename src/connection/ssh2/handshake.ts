import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client, ConnectConfig } from 'ssh2'
import { hostKeyAlgorithms, judge } from '../host-keys/judge-host-key.js'
import type { Target } from '../login-target.js'
import type { Reached } from '../route/dial.js'
import { ALGORITHMS, isExposed, negotiation } from './algorithms.js'
import { authHandler } from './auth.js'
import { ExposedError, type HandshakeOptions, handshakeError, type Witness } from './handshake-errors.js'
import { keepaliveInterval, onSilence } from './keepalive.js'

/**
 * How to talk. ssh2 takes any verifier, and whatever it returns that is not `false` for a yes: also a promise, and also
 * none at all. Ours answers at once, by a boolean.
 */
export interface Talk extends Omit<ConnectConfig, 'hostVerifier'> {
  readonly hostVerifier: (key: Buffer) => boolean
}

/** Begins a handshake: gives the client at once, and `ready` when the login is done. */
export type Begin = (config: Talk) => { readonly client: Client; readonly ready: Promise<unknown> }

/** A verified and authenticated ssh2 client. */
export interface Login {
  readonly client: Client
  readonly target: Target
  readonly address: string
  readonly hostKey: Buffer
  /** The key that was taken, in words. */
  readonly auth: string
  /** Why the connection is gone; null while it stands. */
  readonly lost: () => Error | null
  readonly closed: Promise<Error | null>
  readonly close: () => void
}

/** Verifies the host, then logs in. Rejects with a ConnectError only; the stream is closed then. */
export async function handshake(
  begin: Begin,
  target: Target,
  reached: Reached,
  options: HandshakeOptions,
): Promise<Login> {
  const witness: Witness = {
    phase: 'kex',
    failure: null,
    offered: null,
    used: null,
    unsigned: [],
    negotiation: negotiation(),
  }
  const { stream } = reached
  const auth = authHandler(target, options.keys.candidates, candidate => {
    witness.used = candidate
  })
  const { client, ready } = begin({
    host: target.hostname,
    port: target.port,
    username: target.user,
    sock: stream,
    readyTimeout: Math.max(1, options.timeout),
    keepaliveInterval,
    // It asks, and we listen: see onSilence.
    keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    debug: line => {
      witness.negotiation.hear(line)
      auth.hear(line)
    },
    algorithms: { ...ALGORITHMS, serverHostKey: hostKeyAlgorithms(options.known, options.except) },
    // Synchronous, and a plain boolean: ssh2 takes whatever is not `false` for a yes.
    hostVerifier: (key: Buffer): boolean => {
      const verdict = judge(key, options.known, target.pin)
      witness.offered = { key, verdict }
      return verdict.kind === 'trusted'
    },
    authHandler: auth.handler,
  })
  const login = loginOf(client, target, reached, witness)
  const done = loggedIn(client, ready)
  const abort = () => stream.destroy()
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    if (options.signal?.aborted) abort()
    await done
    onSilence(stream, () => {
      witness.failure ??= new Error('Keepalive timeout')
      stream.destroy()
    })
    return login
  } catch (error) {
    stream.destroy()
    const failure = witness.failure ?? (error as Error)
    throw handshakeError({ ...witness, failure, target, auth, options, said: await reached.said() })
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
}

/** An agent that will not sign is no end: the next key is tried. */
function loggedIn(client: Client, ready: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => (willNotSign(error) ? undefined : reject(error))
    client.on('error', failed)
    client.once('ready', resolve)
    client.once('close', () => reject(new Error('it closed the connection')))
    ready.catch(failed)
  })
}

function willNotSign(error: Error & { readonly level?: string }): boolean {
  return error.level === 'agent'
}

/** Listens from the very start: an error without a listener would end the process. */
function loginOf(client: Client, target: Target, { stream, address }: Reached, witness: Witness): Login {
  let over = false
  let ours = false
  let settle: (reason: Error | null) => void = () => {}
  const closed = new Promise<Error | null>(resolve => {
    settle = resolve
  })
  const reason = () => witness.failure ?? new Error('it closed the connection')
  client.on('error', error => {
    if (willNotSign(error)) witness.unsigned.push(`${witness.used?.words} was not signed with: ${error.message}`)
    else witness.failure ??= error
  })
  client.on('handshake', negotiated => {
    witness.phase = 'auth'
    if (!isExposed(negotiated, witness.negotiation.isStrict())) return
    witness.failure ??= new ExposedError('it does not keep to strict key exchange')
    // In the same turn: ssh2 has asked for no login yet.
    client.destroy()
  })
  // A forwarded stream stays half open when its other end is gone.
  client.on('end', () => stream.destroy())
  client.on('close', () => {
    over = true
    settle(ours ? null : reason())
  })
  const close = () => {
    ours = true
    settle(null)
    hangUp(client, stream)
  }
  return {
    client,
    target,
    address: address ?? target.hostname,
    get hostKey() {
      return witness.offered?.key ?? Buffer.alloc(0)
    },
    get auth() {
      return witness.used?.words ?? ''
    },
    lost: () => (over ? (ours ? new Error('we closed it') : reason()) : null),
    closed,
    close,
  }
}

/** Says goodbye and leaves: a host that answers nothing any more must not keep this process alive. */
function hangUp(client: Client, stream: Duplex): void {
  client.end()
  if (!(stream instanceof Socket)) return void stream.destroy()
  stream.destroySoon()
  setTimeout(() => stream.destroy(), 300).unref()
}
