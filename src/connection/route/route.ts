import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectError } from '../errors.js'
import type { Target, Wanted } from '../login-target.js'
import { type Slots, slots } from '../pool.js'
import type { SshConfigReader } from '../ssh-config/ssh-config.js'
import type { ReachOptions } from './dial.js'
import { type Hop, hopOf, jumpHosts, type Lease } from './jump.js'

const HANDSHAKES = 32
const TRIES = 3
const MOST_HOPS = 8

/** One login: to a host, or to a jump host, by the one before it. */
type Greet<L extends Hop, K> = (
  target: Target,
  lease: Lease<L> | null,
  options: ReachOptions,
  wanted: Wanted,
  keys: K,
) => Promise<L>

/** Finds the keys to log in with, and attempts it: more than once, where it finds more. No turn is held meanwhile. */
type WithKeys<L extends Hop, K> = (target: Target, attempt: (keys: K) => Promise<L>) => Promise<L>

export type LogIn<L> = (wanted: Wanted, options: ReachOptions) => Promise<L>

/**
 * Gets to hosts, through their jump hosts where they have any: so many handshakes at once, and once more where a host
 * hangs up. Rejects with a ConnectError only.
 */
export function routed<L extends Hop, K>(
  read: SshConfigReader,
  withKeys: WithKeys<L, K>,
  greet: Greet<L, K>,
): LogIn<L> {
  const handshakes = slots(HANDSHAKES)

  const once = async (target: Target, options: ReachOptions, wanted: Wanted, keys: K): Promise<L> => {
    const lease = target.jump.length > 0 ? await jump(target.jump, options.timeout).catch(behind(target)) : null
    try {
      const login = await inTurn(lease, handshakes, () => greet(target, lease, options, wanted, keys))
      if (lease) login.closed.then(lease.release)
      return login
    } catch (error) {
      lease?.release()
      throw error
    }
  }

  const logIn = async (wanted: Wanted, via: readonly string[] | null, options: ReachOptions): Promise<L> => {
    const target = await read(wanted)
    const hops = via ?? (await route(target, read))
    const proxyCommand = hops.length > 0 ? null : target.proxyCommand
    const through = { ...target, jump: hops, proxyCommand }
    return withKeys(target, keys => retried(() => once(through, options, wanted, keys), options.signal))
  }

  const jump = jumpHosts<L>((hop, via, timeout) => logIn(hop, via, { timeout }))
  return (wanted, options) => logIn(wanted, null, options).catch(asConnectError(wanted))
}

/** All hops to a host: those that its first jump host needs itself come before it. */
export async function route(target: Target, read: (wanted: Wanted) => Promise<Target>): Promise<readonly string[]> {
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

function inTurn<L>(lease: Lease<unknown> | null, handshakes: Slots, task: () => Promise<L>): Promise<L> {
  return lease ? lease.slots(() => handshakes(task)) : handshakes(task)
}

/** A host that drops us before the handshake is most often one that gets too many at once. */
async function retried<L>(attempt: () => Promise<L>, signal: AbortSignal | undefined): Promise<L> {
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
    const { kind, details } = error
    // A pin is of a host of the inventory.
    const next = error.next.filter(line => !line.startsWith('in CI:'))
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
