import * as z from 'zod'
import type { Phase } from '../../fleet/outcome.js'
import type { KeptEnd, KeptEvent, Timed } from '../../render/page/story.js'

const orNull = z.string().nullable()
const names = z.array(z.string())
const number = z.number().nonnegative()
const phases = {
  check: true,
  build: true,
  pack: true,
  lock: true,
  announce: true,
  push: true,
  prepare: true,
  warm: true,
  drain: true,
  swap: true,
  switch: true,
  restart: true,
  health: true,
  ready: true,
  canary: true,
  same: true,
  bake: true,
  confirm: true,
  conclude: true,
  cool: true,
  clean: true,
  rollback: true,
} as const satisfies Record<Phase, true>
const phase = z.enum(Object.keys(phases) as readonly Phase[])
const commit = z.object({ id: z.string(), author: z.string(), subject: z.string() })

const failure = z.object({
  phase,
  step: z.string(),
  message: z.string(),
  hint: orNull,
  output: names.default([]),
  log: z.object({ source: z.string(), lines: names }).nullish(),
})

const host = z.object({
  name: z.string(),
  current: orNull,
  digest: orNull,
  healthy: z.boolean().nullable(),
  bytes: number,
  error: failure.nullable(),
  out: z.string().exactOptional(),
  back: z.string().exactOptional(),
  restarted: z.boolean().exactOptional(),
})

const end = z.object({
  result: z.enum(['deployed', 'restarted', 'unchanged', 'aborted', 'put-back', 'rolled-back', 'mixed']),
  exitCode: z.literal([0, 1, 2, 3, 4, 5, 6, 130, 143]),
  release: orNull,
  previous: orNull,
  digest: orNull,
  seconds: number,
  bytes: number,
  swapWindowMs: number.nullable(),
  switchWindowMs: number.nullable(),
  hosts: z.array(host),
  reason: orNull,
  stopped: z.literal(true).optional(),
  joined: z.object({ hosts: names, earlier: names }).optional(),
  next: names,
  warnings: names.default([]),
  details: names.nullable().default(null),
})

/** What an event says, by its type; newer versions may say more. */
const kept = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run.start'),
    command: z.string(),
    app: z.string(),
    stage: z.string(),
    by: z.string(),
    from: z.string(),
    hosts: names,
  }),
  z.object({
    type: z.literal('run.release'),
    release: z.string(),
    previous: orNull,
    note: z.string(),
    revision: orNull,
    message: z.string(),
    commits: z.array(commit).nullable(),
  }),
  z.object({ type: z.literal('phase.start'), phase, note: z.string().exactOptional() }),
  z.object({ type: z.literal('phase.end'), phase, ok: z.boolean(), ms: number, note: z.string() }),
  z.object({ type: z.literal('host.start'), phase, step: z.string(), host: z.string() }),
  z.object({
    type: z.literal('output'),
    host: orNull,
    step: z.string(),
    stream: z.enum(['stdout', 'stderr']),
    line: z.string(),
  }),
  z.object({ type: z.literal('bake.look'), ok: z.boolean(), ms: number, note: z.string(), output: names }),
  z.object({ type: z.literal('note'), level: z.enum(['info', 'warning']), host: orNull, text: z.string() }),
  z.object({ type: z.literal('traffic'), host: z.string(), roundTrips: number, bytes: number }),
  z.object({ type: z.literal('run.end'), outcome: end }),
])

/** The end of a step has its phase in its type. */
const step = z.object({
  type: z.templateLiteral(['host.', phase]),
  step: z.string(),
  host: z.string(),
  ok: z.boolean(),
  ms: number,
  note: z.string(),
})

const time = z.object({ t: z.iso.datetime().transform(Date.parse) })

/** The events that a file tells, less what is not understood: a line that was cut off, or what a newer version says besides. */
export function keptEvents(text: string): readonly Timed[] {
  return text.split('\n').flatMap(line => timed(parsed(line)) ?? [])
}

function timed(line: unknown): Timed | null {
  const at = time.safeParse(line).data?.t
  const event = eventOf(line)
  return at === undefined || event === null ? null : { at, event }
}

function eventOf(line: unknown): KeptEvent | null {
  const ended = step.safeParse(line).data
  if (ended !== undefined) return { ...ended, type: 'host.end', phase: ended.type.slice('host.'.length) as Phase }
  const event = kept.safeParse(line).data
  if (event === undefined) return null
  return event.type === 'run.end' ? { type: 'run.end', end: withLogs(event.outcome) } : event
}

/** A host without a log has none, rather than null. */
function withLogs(outcome: z.output<typeof end>): KeptEnd {
  const hosts = outcome.hosts.map(({ error, ...rest }) => {
    if (error === null) return { ...rest, error }
    const { log, ...what } = error
    return { ...rest, error: log === null || log === undefined ? what : { ...what, log } }
  })
  return { ...outcome, hosts }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
