import { setTimeout as sleep } from 'node:timers/promises'
import { LockedError } from '../../errors.js'
import type { Context } from './context.js'
import type { TransactionFlags } from './flags.js'

/** Tries again while somebody else holds the lock, as long as --lock-wait says. */
export async function withLockWait<T>(
  context: Context,
  flags: TransactionFlags,
  attempt: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + (flags.lockWait ?? 0)
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof LockedError)) throw error
      if (performance.now() >= until || context.io.stop.reason() !== null) throw withWait(context, flags, error)
      context.emit({
        type: 'note',
        level: 'info',
        host: null,
        text: `${error.message} Waiting.`,
      })
      await Promise.race([sleep(2000), context.io.stop.asked])
    }
  }
}

/** What others do comes to its end: the same command can wait for that. */
function withWait({ io }: Context, { lockWait }: TransactionFlags, error: LockedError): LockedError {
  if (lockWait !== undefined) return error
  const { message, details, next, changed, cause } = error
  return new LockedError(message, { details, next: [`wait: ${io.again('--lock-wait 10m')}`, ...next], changed, cause })
}
