/** Which tests a run takes: `everyday` is what `npm test` runs; `exhaustive` adds what takes hours (CLONEDEPLOY_TESTS=exhaustive). */
export const tier: 'everyday' | 'exhaustive' =
  process.env.CLONEDEPLOY_TESTS === 'exhaustive' ? 'exhaustive' : 'everyday'

/** The cases of a table that this run tries: the chosen ones every day, the others too in the exhaustive tier. */
export function tried<T>(all: readonly T[], everyday: (one: T, index: number) => boolean): readonly T[] {
  return tier === 'exhaustive' ? all : all.filter(everyday)
}

/** The cases that only the exhaustive tier tries. */
export function exhaustive<T>(all: readonly T[]): readonly T[] {
  return tried(all, () => false)
}
