import * as z from 'zod'
import { isReleaseId, isTransactionId, mostSeq } from '../../release/id.js'
import type { Origin } from '../../release/origin.js'
import { mostHosts } from '../../state/evidence/unlisted.js'
import type {
  Damage,
  DrainRecord,
  FleetRecord,
  HistoryRecord,
  Holder,
  MaintenanceRecord,
  ReleaseState,
} from '../../state/host-state.js'
import { escapeLine } from '../../text/escape.js'

/** Text that a host tells, fit to be shown: nothing in it moves a cursor or begins a line. */
const text = z.string().transform(value => escapeLine(value))
const transaction = z.string().refine(isTransactionId, 'is no transaction id')
const release = z.string().refine(isReleaseId, 'is no release id')
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no digest')
const sequence = z.int().min(0).max(mostSeq)
const excluded = z.object({ host: text, reason: text, by: text, at: text })
/** More than there are hosts in any inventory. */
const most = 1000

export const fleetRecord: z.ZodType<FleetRecord> = z.object({
  seq: sequence,
  release,
  digest: digest.nullable(),
  previous: text.nullable(),
  by: text,
  at: text,
  tx: transaction.exactOptional(),
  app: text.exactOptional(),
  stage: text.exactOptional(),
  excluded: z.array(excluded).max(most).exactOptional(),
  hosts: z.array(text).max(mostHosts).exactOptional(),
})

const origin: z.ZodType<Origin> = z.union([z.object({ artifact: text }), z.object({ stage: text, release })])

type Sealed = Required<Pick<ReleaseState, 'digest' | 'extra' | 'tx' | 'by' | 'at'>>

/** What `seal` records of a release. An origin is for people: one that does not fit is none. */
export const sealRecord: z.ZodType<Sealed & { readonly origin: Origin | null }> = z.object({
  digest,
  extra: z.int().min(0).default(0),
  tx: transaction.nullable().default(null),
  by: text.nullable().default(null),
  at: text.nullable().default(null),
  origin: origin.nullable().default(null).catch(null),
})

export const drainRecord: z.ZodType<DrainRecord> = z.object({
  seq: sequence,
  tx: transaction,
  by: text,
  at: text,
  out: z.array(text).max(most),
  over: z.literal(true).exactOptional(),
})

/** May be read while it is written, so what does not fit is nobody's fault: then the holder is not known. */
export const holderRecord: z.ZodType<Holder> = z.object({
  tx: transaction,
  who: text.default(''),
  from: text.default(''),
  command: text.default(''),
  reason: text.default(''),
  since: text.default(''),
  app: text.exactOptional(),
  stage: text.exactOptional(),
  host: text.exactOptional(),
  process: z
    .object({ machine: text, uid: z.int(), pid: z.int().min(1), began: text })
    .nullable()
    .default(null)
    .catch(null),
})

/** The last line of a file that is appended to: a host that died may have left half of it. */
export const historyRecord: z.ZodType<HistoryRecord> = z.object({
  at: text,
  by: text,
  command: text,
  release: text.nullable(),
  previous: text.nullable(),
})

/** Anybody may make that file, also the app: what is known of it is what fits. */
export const maintenanceRecord: z.ZodType<MaintenanceRecord> = z
  .object({
    by: text.optional().catch(undefined),
    at: text.optional().catch(undefined),
    reason: text.optional().catch(undefined),
    out: z.array(text).max(most).catch([]),
  })
  .transform(({ by, at, reason, out }) => ({
    ...(by === undefined ? {} : { by }),
    ...(at === undefined ? {} : { at }),
    ...(reason === undefined ? {} : { reason }),
    out,
  }))
  .catch({ out: [] })

/** A record of one line of JSON as it has to be; null when it is absent or does not fit. */
export function fitting<T>(schema: z.ZodType<T>, json: string): T | null {
  return json === '' ? null : (read(schema, json).data ?? null)
}

/** The same of a record that is never half written: what does not fit is noted with its file. */
export function intact<T>(schema: z.ZodType<T>, json: string, file: string, damaged: Damage[]): T | null {
  if (json === '') return null
  const { data, error } = read(schema, json)
  if (error === undefined) return data ?? null
  damaged.push({ file, why: error })
  return null
}

function read<T>(schema: z.ZodType<T>, json: string): { readonly data?: T; readonly error?: string } {
  const value = parsed(json)
  if (value === undefined) return { error: 'is no JSON' }
  const { success, data, error } = schema.safeParse(value)
  if (success) return { data }
  const [issue] = error.issues
  const path = issue?.path.map(String).join('.') ?? ''
  return { error: escapeLine(path === '' ? 'is not what it has to be' : `does not fit at ${path}`, 200) }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
