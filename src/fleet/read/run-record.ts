import * as z from 'zod'
import type { ReleaseRun } from '../../plan/app/release-run.js'
import { fitting } from './records.js'

/** How a host says that a release is run; `damaged` where it says nothing that fits. */
export function readRun(record: string): ReleaseRun | 'damaged' {
  return fitting(schema, record) ?? 'damaged'
}

const text = z.string().refine(value => !value.includes('\0'))
const variables = z.record(z.string().regex(/^[A-Za-z_]\w*$/), text)
/** Milliseconds, as long as a timer can wait. */
const time = z
  .number()
  .positive()
  .max(2 ** 31 - 1)
const port = z.int().min(1).max(65_535)
const roles = z.array(text).nullable()
const service = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('systemd'),
    units: z.array(text),
    user: z.boolean(),
    verb: z.enum(['restart', 'reload-or-restart', 'start', 'stop']),
    sudo: z.union([z.boolean(), z.literal('auto')]),
  }),
  z.object({ kind: z.literal('pm2'), file: text.nullable(), name: text.nullable() }),
  z.object({ kind: z.literal('touch'), file: text }),
])
const hook = z.object({
  run: text,
  once: z.boolean(),
  roles,
  timeout: time,
  service: service.exactOptional(),
  warm: z.object({ warm: text, ready: text, cool: text }).exactOptional(),
  ports: z.object({ numbers: z.tuple([port, port]), stop: text }).exactOptional(),
})
const limits = { timeout: time, tryTimeout: time, roles }
const check = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    url: text,
    status: z.number(),
    contains: text.nullable(),
    headers: z.record(text, text),
    release: z.union([z.literal('body'), z.object({ header: text })]).nullable(),
    ...limits,
  }),
  z.object({ kind: z.literal('tcp'), address: text, ...limits }),
  z.object({ kind: z.literal('command'), run: text, ...limits }),
])
const inner = text.refine(path => path.split('/').every(name => !['', '.', '..'].includes(name)))
const linked = z.array(inner)
const schema: z.ZodType<ReleaseRun> = z.object({
  restart: z.array(hook),
  health: z.array(check),
  prepare: z.array(hook),
  writable: z.array(z.string().regex(/^[^\p{Cc}]+$/u)),
  shared: z.object({ dirs: linked, files: linked, skeleton: z.record(inner, text).exactOptional() }),
  env: variables,
  hostEnv: variables,
})
