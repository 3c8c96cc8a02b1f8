import type { Script } from '../scripts/shell/shell.js'
import { lock, lockLease, renew, unlock } from '../scripts/transaction/lock.js'
import { onEach } from './each-host.js'
import { startHeart } from './heartbeat.js'
import type { Session } from './session.js'

/** A host whose lock is taken outside of a transaction, for prune or maintenance. */
export interface Lockable {
  readonly session: Session
  readonly root: string
  /** The transaction of a holder that is known to be over. */
  readonly over: string | null
}

/** Acts under the lock of these hosts, and gives it back. `act` gets those whose lock could not be taken. */
export async function underLocks<H extends Lockable, R>(
  hosts: readonly H[],
  { tx, holder, concurrency }: { readonly tx: string; readonly holder: string; readonly concurrency: number },
  act: (unlocked: readonly H[]) => Promise<R>,
): Promise<R> {
  const onAll = (script: (host: H) => Script) =>
    onEach(hosts, concurrency, host => host.session.run(script(host), { timeout: 20_000 }))
  const results = await onAll(({ root, over }) => lock({ root, tx }, holder, { unresolved: 'refuse', over }))
  const unlocked = hosts.filter((_, i) => results[i]?.code !== 0)
  const heart = startHeart(lockLease, () => hosts.map(({ session, root }) => [session, renew({ root, tx })]))
  try {
    return await act(unlocked)
  } finally {
    heart.stop()
    await onAll(({ root }) => unlock({ root, tx }))
  }
}
