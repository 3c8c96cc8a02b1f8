/** Time as renderers see it: milliseconds since 1970, and something to do again and again until it is stopped. */
export interface Clock {
  readonly now: () => number
  readonly every: (ms: number, tick: () => void) => () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
