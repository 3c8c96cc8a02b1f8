const parts = 4

/** Looks whether work goes on: `moved` says that it did. */
export interface Watch {
  readonly moved: () => void
  readonly stop: () => void
}

/**
 * Calls `stalled` when nothing has moved for so many milliseconds, or up to a quarter longer. Intervals are counted, not
 * the time: this process may have been stopped itself.
 */
export function watchStall(ms: number, stalled: () => void): Watch {
  let still = 0
  const timer = setInterval(() => {
    still += 1
    if (still <= parts) return
    clearInterval(timer)
    stalled()
  }, ms / parts)
  return {
    moved() {
      still = 0
    },
    stop: () => clearInterval(timer),
  }
}
