import * as z from 'zod'
import type { Event } from '../../src/fleet/events.js'
import { exactly } from './exactly.js'
import { count, names, orNull, time } from './parts.js'
import { commits, phase, transactions } from './transactions.js'

type Of<T extends Event['type']> = Omit<Extract<Event, { type: T }>, 'type'>

const ms = z.number().nonnegative()

/** What an event says beside its type, its time and the version. */
const told = {
  'run.start': exactly<Of<'run.start'>>()(
    z.strictObject({
      command: z.string(),
      app: z.string(),
      stage: z.string(),
      by: z.string(),
      from: z.string(),
      hosts: names,
    }),
  ),
  'run.release': exactly<Of<'run.release'>>()(
    z.strictObject({
      release: z.string(),
      previous: orNull,
      note: z.string(),
      revision: orNull,
      message: z.string(),
      commits,
    }),
  ),
  'phase.start': exactly<Of<'phase.start'>>()(z.strictObject({ phase, note: z.string().exactOptional() })),
  'phase.end': exactly<Of<'phase.end'>>()(z.strictObject({ phase, ok: z.boolean(), ms, note: z.string() })),
  'host.start': exactly<Of<'host.start'>>()(z.strictObject({ phase, step: z.string(), host: z.string() })),
  'host.progress': exactly<Of<'host.progress'>>()(
    z.strictObject({ phase, host: z.string(), done: z.number().nonnegative(), total: z.number().nonnegative() }),
  ),
  'host.gone': exactly<Of<'host.gone'>>()(z.strictObject({ host: z.string(), phase, note: z.string() })),
  output: exactly<Of<'output'>>()(
    z.strictObject({ host: orNull, step: z.string(), stream: z.enum(['stdout', 'stderr']), line: z.string() }),
  ),
  'bake.look': exactly<Of<'bake.look'>>()(z.strictObject({ ok: z.boolean(), ms, note: z.string(), output: names })),
  note: exactly<Of<'note'>>()(z.strictObject({ level: z.enum(['info', 'warning']), host: orNull, text: z.string() })),
  traffic: exactly<Of<'traffic'>>()(z.strictObject({ host: z.string(), roundTrips: count, bytes: count })),
  budget: exactly<Of<'budget'>>()(z.strictObject({ ms, cpuMs: ms })),
  'run.end': z.strictObject({ outcome: z.union(Object.values(transactions)) }),
}

/** The end of a step on a host: each phase has a type of its own. */
const ofPhase = z.strictObject({
  type: z.templateLiteral(['host.', phase]),
  host: z.string(),
  release: z.string().exactOptional(),
  ok: z.boolean(),
  ms,
  step: z.string(),
  note: z.string(),
})

const head = { v: z.literal(1), t: time }

/** A line of `--output jsonl`. */
export const event = z.union([
  ...Object.entries(told).map(([type, schema]) => z.strictObject({ ...head, type: z.literal(type), ...schema.shape })),
  z.strictObject({ ...head, ...ofPhase.shape }),
])
