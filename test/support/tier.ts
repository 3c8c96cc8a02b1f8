import { createHash } from 'node:crypto'

/**
 * Which tests a run takes: `everyday` is what `npm test` runs; `exhaustive` adds what takes hours
 * (CLONEDEPLOY_TESTS=exhaustive), or the part of it that CLONEDEPLOY_SLICE=SEED/N names.
 */
export const tier: 'everyday' | 'exhaustive' =
  process.env.CLONEDEPLOY_TESTS === 'exhaustive' ? 'exhaustive' : 'everyday'

const [, seed = '', parts = ''] = /^(.*)\/(\d+)$/.exec(process.env.CLONEDEPLOY_SLICE ?? '') ?? []

/**
 * The cases of a table that this run tries: the chosen ones every day; the others too in the exhaustive tier, or one in N
 * of them where a slice was asked for.
 */
export function tried<T>(all: readonly T[], everyday: (one: T, index: number) => boolean): readonly T[] {
  return all.filter(
    (one, i) => everyday(one, i) || (tier === 'exhaustive' && inSlice(JSON.stringify(one) ?? String(i))),
  )
}

/** The cases that only the exhaustive tier tries. */
export function exhaustive<T>(all: readonly T[]): readonly T[] {
  return tried(all, () => false)
}

function inSlice(name: string): boolean {
  if (parts === '') return true
  const hash = createHash('sha256').update(`${seed} ${name}`).digest()
  return hash.readUInt32BE() % Number(parts) === 0
}
