import { createHash } from 'node:crypto'

/** A test as `vitest list --json` has it: its name is the names of its groups and its own, parted by ` > `. */
export interface Listed {
  readonly file: string
  readonly name: string
}

export interface Slice {
  readonly seed: string
  readonly parts: number
}

/** What a slice runs: these files, and in them the tests with these names. */
export interface Sliced {
  readonly files: readonly string[]
  readonly pattern: string
}

/** `SEED/N`: one in N of the tests that only the exhaustive tier has. */
export function readSlice(text: string): Slice {
  const [, seed, parts] = /^(.+)\/([1-9]\d*)$/.exec(text) ?? []
  if (seed === undefined) throw new Error(`CLONEDEPLOY_SLICE=${text}: it is SEED/N, for example 2f3a9c1/12`)
  return { seed, parts: Number(parts) }
}

export function sliceOf(everyday: readonly Listed[], exhaustive: readonly Listed[], slice: Slice): Sliced {
  const known = new Set(everyday.map(keyOf))
  const chosen = exhaustive.filter(test => !known.has(keyOf(test)) && isIn(slice, unitOf(test)))
  const names = chosen.map(({ name }) => literal(name.replaceAll(' > ', ' ')))
  return { files: [...new Set(chosen.map(({ file }) => file))], pattern: `^(${names.join('|')})$` }
}

/**
 * Tests with programs of others go together: in such a file one test begins where the one before it ended. Those of faults
 * begin anew each, and may be a hundred in a file, for twenty minutes.
 */
function unitOf(test: Listed): string {
  const isWhole = test.file.endsWith('.exhaustive.test.ts') && !test.file.startsWith('test/faults/')
  return isWhole ? test.file : keyOf(test)
}

function keyOf({ file, name }: Listed): string {
  return `${file} ${name}`
}

/** CLONEDEPLOY_SEED of the tests that roll dice: a slice rolls the same ones each time. */
export function diceOf({ seed }: Slice): number {
  return hash(seed) % 1_000_000
}

function isIn({ seed, parts }: Slice, unit: string): boolean {
  return hash(`${seed} ${unit}`) % parts === 0
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE()
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
