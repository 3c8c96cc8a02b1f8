import { setImmediate } from 'node:timers/promises'

export type Pause = () => Promise<void>

/** Awaited in a long synchronous job, it lets timers, sockets and Ctrl-C have their turn about every 20 ms. */
export function pauseOften(signal?: AbortSignal | undefined): Pause {
  let since = Date.now()
  return async () => {
    if (Date.now() - since < 20) return
    await setImmediate()
    signal?.throwIfAborted()
    since = Date.now()
  }
}
