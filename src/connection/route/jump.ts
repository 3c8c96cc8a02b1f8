import type { Duplex } from 'node:stream'
import { ConnectError } from '../errors.js'
import { addressOf, sshLine, type Target, type Wanted } from '../login-target.js'
import { type Slots, slots } from '../pool.js'
import type { Login } from '../ssh2/handshake.js'
import type { Reached } from './dial.js'

/** sshd drops new connections when 10 are not logged in yet (MaxStartups); a jump host makes them all its own. */
const HANDSHAKES_PER_JUMP_HOST = 8

/** A login that others may be made through. */
export interface Hop {
  readonly target: Target
  readonly closed: Promise<unknown>
  readonly close: () => void
}

/** A jump host in use. It stays connected until everybody who uses it has let go. */
export interface Lease<L> {
  readonly login: L
  readonly slots: Slots
  readonly release: () => void
}

/** Jump hosts, each connected once for all the hosts behind it. `hops` begin with the one nearest to us. */
type JumpHosts<L> = (hops: readonly string[], timeout: number) => Promise<Lease<L>>

type LogInToHop<L> = (hop: Wanted, via: readonly string[], timeout: number) => Promise<L>

export function jumpHosts<L extends Hop>(logIn: LogInToHop<L>): JumpHosts<L> {
  const open = new Map<string, { readonly login: Promise<L>; readonly slots: Slots; users: number }>()

  return async (hops, timeout) => {
    const key = hops.join(',')
    const shared = open.get(key) ?? {
      login: logIn(hopOf(hops.at(-1) ?? ''), hops.slice(0, -1), timeout),
      slots: slots(HANDSHAKES_PER_JUMP_HOST),
      users: 0,
    }
    open.set(key, shared)
    shared.users += 1
    const forget = () => {
      if (open.get(key) === shared) open.delete(key)
    }
    const login = await shared.login.catch(error => {
      forget()
      throw error
    })
    login.closed.then(forget)
    let released = false
    const release = () => {
      if (released) return
      released = true
      shared.users -= 1
      if (shared.users > 0) return
      forget()
      login.close()
    }
    return { login, slots: shared.slots, release }
  }
}

/** A stream to a host as its jump host sees it. */
export function reachThrough({ login }: Lease<Login>, target: Target): Promise<Reached> {
  return new Promise((resolve, reject) => {
    login.client.forwardOut('127.0.0.1', 0, target.hostname, target.port, (error, stream: Duplex) => {
      if (error) reject(refusedBy(login.target, target, error))
      else resolve({ stream, address: null, said: async () => '' })
    })
  })
}

/** `user@host:port`, as in `ssh -J`; also `ssh://…`, and addresses in brackets. */
export function hopOf(text: string): Wanted {
  const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d+))?\/?$/.exec(text)
  const host = match?.[2] ?? match?.[3] ?? text
  return { name: text, host, user: match?.[1], port: match?.[4] === undefined ? undefined : Number(match[4]) }
}

/** What a jump host answers when it does not open a way to a host; its reason is the code of RFC 4254. */
export function refusedBy(hop: Target, target: Target, error: Error & { reason?: unknown }): ConnectError {
  const address = addressOf(target)
  const prohibited = error.reason === 1
  const message = prohibited
    ? `${target.name} cannot be reached: the jump host ${hop.name} does not allow forwarding`
    : `${target.name} cannot be reached: the jump host ${hop.name} gets no connection to ${address}`
  return new ConnectError('jump', target.name, message, {
    details: [error.message],
    next: prohibited ? [`AllowTcpForwarding yes     in the sshd_config of ${hop.name}`] : [sshLine(target, '-v')],
    cause: error,
  })
}
