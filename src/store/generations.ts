import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Generation,
  generationKey,
  generationsOf,
  generationText,
  mostOfGeneration,
  numberIn,
  parseGeneration,
} from './generation.js'
import { type Store, StoreError } from './store.js'

/** Of which stage of which app. */
export interface StageOf {
  readonly app: string
  readonly stage: string
}

/** The generation with the highest number; null: there is none yet. */
export async function newestGeneration(store: Store, of: StageOf): Promise<Generation | null> {
  const number = (await generationNumbers(store, of)).at(-1)
  return number === undefined ? null : readGeneration(store, of, number)
}

/** Ascending. */
export async function generationNumbers(store: Store, { app, stage }: StageOf): Promise<readonly number[]> {
  const keys = await store.list(generationsOf(app, stage))
  return keys.flatMap(key => numberIn(key) ?? [])
}

/** Null: there is none of this number. Throws where there is something else. */
export async function readGeneration(store: Store, of: StageOf, number: number): Promise<Generation | null> {
  const bytes = await store.read(generationKey(of, number), mostOfGeneration)
  if (bytes === null) return null
  const found = parseGeneration(bytes, number, of)
  if (!('wrong' in found)) return found
  throw new StoreError(
    store.name,
    'damaged',
    `holds a generation ${number} of ${of.app} ${of.stage} that ${found.wrong}.`,
  )
}

/** Milliseconds before each further try. */
const pauses = [0, 300, 1500]

/**
 * Creates a generation under its number; returns the one that is there then: this one, or another that was first. An answer
 * that leaves open what happened (409, 5xx, none in time) is settled by reading the number. Throws where it stays open.
 */
export async function createGeneration(store: Store, generation: Generation): Promise<Generation> {
  let left: unknown = null
  for (const pause of pauses) {
    await sleep(pause)
    try {
      const bytes = Buffer.from(generationText(generation))
      const answer = await store.create(generationKey(generation, generation.number), bytes)
      if (answer === 'created') return generation
    } catch (error) {
      if (!isOpen(error)) throw error
      left = error
    }
    const there = await readGeneration(store, generation, generation.number).catch(orOpen)
    if (there !== null) return there
  }
  throw (
    left ?? new StoreError(store.name, 'failing', `has no generation ${generation.number}, and refuses to create it.`)
  )
}

/** Whether a generation is this transaction's word, and not another's. */
export function isSame(a: Generation, b: Generation): boolean {
  return a.number === b.number && a.tx === b.tx && a.state === b.state
}

/** Whether it may have been done, or may be done if asked again. */
function isOpen(error: unknown): error is StoreError {
  return error instanceof StoreError && (error.fault === 'away' || error.fault === 'failing')
}

function orOpen(error: unknown): null {
  if (isOpen(error)) return null
  throw error
}
