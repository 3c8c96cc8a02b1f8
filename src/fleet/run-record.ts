import * as z from 'zod'
import type { ReleaseRun } from '../plan/release-run.js'
import { fitting } from './records.js'

/** How a host says that a release is run; null where it says nothing that fits. */
export function readRun(record: string): ReleaseRun | null {
  return fitting(schema, record)
}

const texts = z.record(z.string(), z.string())
const roles = z.array(z.string()).nullable()
const service = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('systemd'),
    units: z.array(z.string()),
    user: z.boolean(),
    verb: z.enum(['restart', 'reload-or-restart']),
    sudo: z.union([z.boolean(), z.literal('auto')]),
  }),
  z.object({ kind: z.literal('pm2'), file: z.string().nullable(), name: z.string().nullable() }),
  z.object({ kind: z.literal('touch'), file: z.string() }),
])
const hook = z.object({
  run: z.string(),
  once: z.boolean(),
  roles,
  timeout: z.number(),
  service: service.exactOptional(),
})
const limits = { timeout: z.number(), tryTimeout: z.number(), roles }
const check = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    url: z.string(),
    status: z.number(),
    contains: z.string().nullable(),
    headers: texts,
    release: z.union([z.literal('body'), z.object({ header: z.string() })]).nullable(),
    ...limits,
  }),
  z.object({ kind: z.literal('tcp'), address: z.string(), ...limits }),
  z.object({ kind: z.literal('command'), run: z.string(), ...limits }),
])
const schema: z.ZodType<ReleaseRun> = z.object({
  restart: z.array(hook),
  health: z.array(check),
  prepare: z.array(hook),
  writable: z.array(z.string().regex(/^[^\p{Cc}]+$/u)),
  env: texts,
  hostEnv: texts,
})
