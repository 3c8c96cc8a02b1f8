import { setTimeout as sleep } from 'node:timers/promises'
import { LockedError } from '../../errors.js'
import type { Emit, Event } from '../../fleet/events.js'
import { durationText } from '../../text/duration.js'
import type { Context } from './context.js'
import type { TransactionFlags } from './flags.js'

const pauseMs = 2_000
const newsMs = 60_000

/** The time that passes while somebody else holds the lock; tests move it by hand. */
export interface WaitClock {
  /** Milliseconds from any start; never goes back. */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<unknown>
}

const systemClock: WaitClock = { now: () => performance.now(), sleep }

/**
 * Tries again while somebody else holds the lock, as long as --lock-wait says. It says so at once and then once a minute:
 * what the tries between read of the hosts is told only of the one that finds the lock free.
 */
export async function withLockWait<T>(
  context: Context,
  flags: TransactionFlags,
  attempt: (context: Context) => Promise<T>,
  clock = systemClock,
): Promise<T> {
  const since = clock.now()
  const until = since + (flags.lockWait ?? 0)
  let told: number | null = null
  for (;;) {
    const later = afterCheck(context.emit)
    try {
      return await attempt(told === null ? context : { ...context, emit: later.emit })
    } catch (error) {
      if (!(error instanceof LockedError)) {
        later.tell()
        throw error
      }
      const now = clock.now()
      if (now >= until || context.io.stop.reason() !== null) throw withWait(context, flags, error)
      if (told === null || now - told >= newsMs) {
        context.emit({ type: 'note', level: 'info', host: null, text: waitingText(error, told === null, now - since) })
        told = now
      }
      await Promise.race([clock.sleep(pauseMs), context.io.stop.asked])
    }
  }
}

function waitingText({ message }: LockedError, first: boolean, ms: number): string {
  return first
    ? `${message} Waiting.`
    : `${message} Still waiting, for ${durationText(Math.floor(ms / newsMs) * newsMs)}.`
}

/** Holds back that the fleet is read, until something else comes after it or it is to be told. */
export function afterCheck(emit: Emit): { readonly emit: Emit; readonly tell: () => void } {
  let held: Event[] | null = []
  const tell = () => {
    for (const one of held ?? []) emit(one)
    held = null
  }
  return {
    emit(event) {
      if (held === null) return emit(event)
      held.push(event)
      if (!isReading(event)) tell()
    },
    tell,
  }
}

function isReading(event: Event): boolean {
  switch (event.type) {
    case 'phase.start':
    case 'phase.end':
    case 'host.start':
    case 'host.progress':
    case 'host.end':
      return event.phase === 'check'
    case 'script':
    case 'traffic':
    case 'note':
      return true
    default:
      return false
  }
}

/** What others do comes to its end: the same command can wait for that. */
function withWait({ io }: Context, { lockWait }: TransactionFlags, error: LockedError): LockedError {
  if (lockWait !== undefined) return error
  const { message, details, next, changed, cause } = error
  return new LockedError(message, { details, next: [`wait: ${io.again('--lock-wait 10m')}`, ...next], changed, cause })
}
