import * as z from 'zod'
import type { Origin } from '../../src/release/origin.js'
import type { PortState } from '../../src/release/ports.js'
import type { RuntimeAnswer } from '../../src/state/answers/runtime.js'
import type { Drift } from '../../src/state/release-drift.js'
import { exactly } from './exactly.js'

export const names = z.array(z.string())
export const orNull = z.string().nullable()
export const count = z.int().nonnegative()
const exitCode = z.int().min(0).max(255)
/** ISO 8601. */
export const time = z.iso.datetime()

export const origin = exactly<Origin>()(
  z.union([z.strictObject({ artifact: z.string() }), z.strictObject({ stage: z.string(), release: z.string() })]),
)

export const drift = exactly<Drift>()(
  z.strictObject({ modified: names, missing: names, extra: names, extraCount: count }),
)

export const portState = exactly<PortState>()(
  z.strictObject({ port: z.int(), release: orNull, serves: z.boolean(), users: names.nullable() }),
)

export const runtime = exactly<readonly RuntimeAnswer[]>()(
  z.array(z.strictObject({ run: z.string(), ok: z.boolean(), says: z.string() })),
)

/** What a command says that came to an end of its own; `more` are the keys that it has beside those of all. */
export function ended<R extends string, S extends z.core.$ZodShape>(command: string, results: readonly R[], more: S) {
  return z.strictObject({ ...head(command), result: z.enum(results), stage: z.string(), ...more })
}

/** What any command says that came to no such end. */
export function refused<S extends z.core.$ZodShape>(command: z.ZodType<string>, more: S) {
  return z.strictObject({
    v: z.literal(1),
    command,
    result: z.enum(['aborted', 'put-back', 'mixed']),
    exitCode: exitCode.min(1),
    stage: orNull,
    error,
    reason: z.string(),
    changed,
    details: names,
    next: names,
    warnings: names,
    ...more,
  })
}

const changed = z.enum(['nothing', 'nothing served']).nullable()

const error = z
  .strictObject({
    code: z.enum(['usage', 'config', 'preflight', 'locked', 'put-back', 'mixed', 'interrupted', 'bug']),
    message: z.string(),
    hint: orNull,
    changed,
  })
  .register(z.globalRegistry, { id: 'error' })

/** What every object begins with. */
export function head(command: string) {
  return { v: z.literal(1), command: z.literal(command), exitCode }
}
