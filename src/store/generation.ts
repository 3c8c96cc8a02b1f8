import * as z from 'zod'
import { isReleaseId, isTransactionId } from '../release/id.js'
import type { ProcessMark } from '../state/host-state.js'
import { escapeLine } from '../text/escape.js'

/** A release whose files are in the store, and what a clone has to know of it to serve it. */
export interface StoredRelease {
  readonly release: string
  /** Null: another tool made it, and its files are not in the store. */
  readonly digest: string | null
  /** The program that brings a machine to it by itself: its key below the app, which ends with its sha256. Absent: there is none. */
  readonly boot?: string
  /** sha256 (hex) of the list of its files, where hooks of the fleet have changed what was sent, alike on all hosts. */
  readonly tree?: string
  readonly revision: string | null
  /** Where it lies, what it links and how it is run; no secret is in it. */
  readonly clone: Readonly<Record<string, unknown>>
}

export interface BadRelease {
  readonly release: string
  readonly digest: string
  readonly reason: string
  readonly at: string
}

/**
 * One record of what a fleet serves. Each has the next number, and is created once, never overwritten: so the next number is
 * a lock, and the register that says how a transaction ended. The newest alone says all that a clone has to know.
 */
export interface Generation {
  readonly number: number
  readonly tx: string
  /** Of its transaction: begun; or over, with every host on its release, or with none. */
  readonly state: 'pending' | 'confirmed' | 'withdrawn'
  readonly command: string
  readonly app: string
  readonly stage: string
  /** The hosts of its transaction, by their names. */
  readonly hosts: readonly string[]
  readonly by: string
  readonly at: string
  /** That of its transaction, on whatever machine; null: that cannot tell. */
  readonly process: ProcessMark | null
  /** What its transaction brings, or was to bring. */
  readonly target: StoredRelease
  /** What the fleet serves by the last confirmation; null: there was none. */
  readonly confirmed: StoredRelease | null
  /** Why it was withdrawn; null: it was not. */
  readonly reason: string | null
  /** The newest last. */
  readonly bad: readonly BadRelease[]
}

/** Bytes. */
export const mostOfGeneration = 1 << 20
export const mostBad = 50
const mostHosts = 20_000
const mostNumber = 9_999_999_999

/** What a store tells, fit to be shown: nothing in it moves a cursor or begins a line. */
const text = z.string().transform(value => escapeLine(value))
const releaseId = z.string().refine(isReleaseId, 'is no release id')
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no digest')

const storedRelease: z.ZodType<StoredRelease> = z.object({
  release: releaseId,
  digest: digest.nullable(),
  boot: z
    .string()
    .regex(/^artifacts\/[0-9a-f]{64}\/[A-Za-z0-9._-]+\/boot-[0-9a-f]{64}$/)
    .exactOptional(),
  tree: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
  revision: text.nullable(),
  clone: z.record(z.string(), z.unknown()),
})

const badRelease: z.ZodType<BadRelease> = z.object({ release: releaseId, digest, reason: text, at: text })

const processMark: z.ZodType<ProcessMark> = z.object({ machine: text, uid: z.int(), pid: z.int(), began: text })

const schema: z.ZodType<Generation> = z.object({
  number: z.int().min(1).max(mostNumber),
  tx: z.string().refine(isTransactionId, 'is no transaction id'),
  state: z.enum(['pending', 'confirmed', 'withdrawn']),
  command: text,
  app: text,
  stage: text,
  hosts: z.array(text).max(mostHosts),
  by: text,
  at: text,
  process: processMark.nullable(),
  target: storedRelease,
  confirmed: storedRelease.nullable(),
  reason: text.nullable(),
  bad: z.array(badRelease).max(mostBad),
})

/** A record as it was read under the key of this number and stage; otherwise what is wrong with it. */
export function parseGeneration(
  bytes: Uint8Array,
  number: number,
  of: Pick<Generation, 'app' | 'stage'>,
): Generation | { readonly wrong: string } {
  const value = parsed(bytes)
  if (value === undefined) return { wrong: 'is no JSON' }
  const { data, error } = schema.safeParse(value)
  if (data === undefined)
    return { wrong: escapeLine(`does not fit at ${error.issues[0]?.path.join('.') || 'all'}`, 200) }
  const said = `${data.number} of ${data.app} ${data.stage}`
  return said === `${number} of ${of.app} ${of.stage}`
    ? data
    : { wrong: escapeLine(`says of itself that it is ${said}`, 200) }
}

/**
 * One line, which may be signed. A machine that boots knows no JSON, and reads it from the front: first comes what it needs, in
 * an order that never changes, and none of that is a text of somebody else's.
 */
export function generationText(generation: Generation): string {
  const { number, app, stage, at, state, confirmed, ...rest } = generation
  const first = { number, app, stage, at, state, confirmed: confirmed && inOrder(confirmed) }
  return `${JSON.stringify({ ...first, ...rest })}\n`
}

function inOrder({ release, digest, boot, tree, ...rest }: StoredRelease): object {
  return { release, digest, boot, tree, ...rest }
}

/** Keys sort as their numbers do. */
export function generationKey({ app, stage }: Pick<Generation, 'app' | 'stage'>, number: number): string {
  return `${generationsOf(app, stage)}/${String(number).padStart(10, '0')}`
}

export function generationsOf(app: string, stage: string): string {
  return `${app}/stages/${stage}/generations`
}

/** Null: the key is none of a generation. */
export function numberIn(key: string): number | null {
  return stageNumberIn(key)?.number ?? null
}

/** The stage and the number of a generation; null: the key is none of one. */
export function stageNumberIn(key: string): { readonly stage: string; readonly number: number } | null {
  const [, stage, digits] = /\/stages\/([^/]+)\/generations\/(\d{10})$/.exec(key) ?? []
  return stage === undefined || Number(digits) < 1 ? null : { stage, number: Number(digits) }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), writable)
  } catch {
    return undefined
  }
}

/** What is read here is written again, into the next generation: 1e999 would be another value there, and what is too deep would throw. */
function writable(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('more than JSON can say')
  return value
}
