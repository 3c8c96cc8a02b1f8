import * as z from 'zod'
import { choose, isObject } from '../choose.js'
import type { Bake, BakeCheck } from '../config.js'
import { should } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { request, requestOf } from './health.js'
import { duration, text } from './scalars.js'

const limit = 30_000

const short: z.ZodType<BakeCheck> = text.transform(run => ({ kind: 'command', run, timeout: limit }))

const command: z.ZodType<BakeCheck> = closed({ run: text, timeout: duration.optional() }, oneOf('url')).transform(
  ({ run, timeout = limit }) => ({ kind: 'command', run, timeout }),
)

const address: z.ZodType<BakeCheck> = closed({ ...request, timeout: duration.optional() }, oneOf('run')).transform(
  ({ timeout = limit, ...asked }) => {
    return { ...requestOf(asked), release: null, timeout, tryTimeout: timeout, roles: null }
  },
)

const neither: z.ZodType<never> = z.never({
  error: issue => should('a command, { run: "…" } or { url: "…" }', issue.input),
})

const check = choose<BakeCheck>(
  value => {
    if (typeof value === 'string') return short
    if (!isObject(value)) return neither
    return 'url' in value ? address : command
  },
  short,
  command,
  address,
)

/** How long a deploy can still go back, and what may say that it must. */
export const bake: z.ZodType<Bake> = closed({
  for: duration,
  check: check.optional(),
  every: duration.optional(),
  failures: z.int().min(1).optional(),
  perBatch: z.boolean().optional(),
}).transform(({ for: long, check: asked = null, every = 15_000, failures = 1, perBatch = false }) => {
  return { for: long, every, failures, check: asked, perBatch }
})

function oneOf(other: string): Readonly<Record<string, string>> {
  return { [other]: 'a check has only one of run and url' }
}
