/** Random choices that come the same again from the same seed. */
export interface Dice {
  readonly seed: number
  /** A whole number from 1 to `most`. */
  readonly roll: (most: number) => number
  readonly pick: <T>(items: readonly T[]) => T
}

/** Mulberry32, by Tommy Ettinger (public domain). */
export function dice(seed: number): Dice {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const roll = (most: number) => 1 + Math.floor(next() * most)
  return { seed, roll, pick: items => items[roll(items.length) - 1] as never }
}
