import type { Phase } from './outcome.js'

/** The user's wish to stop (Ctrl-C, SIGTERM, SIGHUP) or the end of the time budget, as the core sees it. */
export interface Stop {
  /** Why, once it was asked for; null before. */
  readonly reason: () => string | null
  /** Settles when it is asked for. */
  readonly asked: Promise<string>
}

/** A `Stop`, and how it is asked for: by a signal, by a time budget, or by a program. */
export interface Stopper {
  readonly stop: Stop
  readonly ask: (reason: string) => void
}

export function createStopper(): Stopper {
  let reason: string | null = null
  let settle: (reason: string) => void = () => {}
  const asked = new Promise<string>(resolve => {
    settle = resolve
  })
  return {
    stop: { reason: () => reason, asked },
    ask(why) {
      reason ??= why
      settle(reason)
    },
  }
}

/** Waits for the work, or for the wish to stop, whichever comes first. */
export async function unlessStopped<T>(stop: Stop, work: Promise<T>): Promise<T | { readonly stopped: string }> {
  const early = stop.reason()
  if (early !== null) {
    work.catch(() => {})
    return { stopped: early }
  }
  return Promise.race([work, stop.asked.then(stopped => ({ stopped }))])
}

/** Waits for so many milliseconds, or until a stop is asked for. */
export async function waitUnlessStopped(stop: Stop, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([over, stop.asked])
  clearTimeout(timer)
}

/** A Stop that is never asked for. */
export const never: Stop = { reason: () => null, asked: new Promise(() => {}) }

const unstopped: readonly Phase[] = ['rollback', 'confirm', 'conclude', 'cool']

/** A run that was asked to stop goes back: the way back, and what a fleet has confirmed, take the time that they need. */
export function stopIn(phase: Phase, stop: Stop): Stop {
  return unstopped.includes(phase) ? never : stop
}
