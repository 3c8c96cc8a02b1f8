import { z } from 'zod'
import type { Host } from '../inventory/host.js'
import type { Config, HealthCheck, Hook } from './config.js'

/**
 * How a release is started and asked, as it was when it was deployed; each host keeps it with the release. Secrets are not
 * in it: they are always today's.
 */
export interface ReleaseRun {
  readonly restart: readonly Hook[]
  readonly health: readonly HealthCheck[]
  readonly prepare: readonly Hook[]
  readonly env: Readonly<Record<string, string>>
  /** What the host's own entry in the inventory adds. */
  readonly hostEnv: Readonly<Record<string, string>>
}

/** What a host keeps of a release that is deployed by this configuration: one line of JSON. */
export function runRecord({ restart, health, prepare, env }: Config, host: Host): string {
  const run: ReleaseRun = { restart, health, prepare, env, hostEnv: host.env }
  return JSON.stringify(run)
}

/** The record of a host; null where there is none, or none that we can read: then today's configuration counts. */
export function parseRun(record: string | null): ReleaseRun | null {
  if (record === null) return null
  try {
    return schema.parse(JSON.parse(record)) as ReleaseRun
  } catch {
    return null
  }
}

/** The configuration with everything that a release is run by as it was for that one. */
export function asDeployed(config: Config, host: Host, run: ReleaseRun | null): { config: Config; host: Host } {
  if (run === null) return { config, host }
  const { hostEnv, ...own } = run
  return { config: { ...config, ...own }, host: { ...host, env: hostEnv } }
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
  service: service.optional(),
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
const schema = z.object({
  restart: z.array(hook),
  health: z.array(check),
  prepare: z.array(hook),
  env: texts,
  hostEnv: texts,
})
