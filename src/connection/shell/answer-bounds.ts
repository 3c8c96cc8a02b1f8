/** Bytes that a host may send in answer to one script. Whoever sends more is not listened to any longer. */
export const bounds = {
  /** Before the answer begins: what a login shell prints by itself. */
  noise: 1 << 20,
  /** On standard output, where every byte is needed. */
  answer: 8 << 20,
  /** On standard error, of which only the last megabyte is kept. */
  errors: 64 << 20,
  /** By a script that talks with us, line by line. */
  lines: 64 << 10,
} as const

/** Bytes of the smallest packets that a channel may take: cutting what we send into smaller ones would keep us busy for ever. */
export const smallestPacket = 256

/** A host answered in a way that no script of ours does: what the script did is unknown. */
export class AnswerError extends Error {
  override name = 'AnswerError'
}

export function tinyPackets(bytes: number): AnswerError {
  return new AnswerError(`it takes packets of ${bytes} bytes only`)
}

/** `8 MB`, `64 kB`: bounds are powers of two. */
export function bound(bytes: number): string {
  return bytes < 1 << 20 ? `${bytes >> 10} kB` : `${bytes >> 20} MB`
}

const parts = 4

/** Looks whether work goes on: `moved` says that it did. */
interface Watch {
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
