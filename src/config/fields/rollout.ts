import * as z from 'zod'
import { choose, isObject } from '../choose.js'
import type { Amount, Canary, Rollout } from '../config.js'
import { should, show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { bake } from './bake.js'
import { duration, text } from './scalars.js'

const share = z.string().register(z.globalRegistry, { pattern: /^\d{1,3}%$/.source })

const percent: z.ZodType<Amount> = share.transform((value, context): Amount => {
  const number = Number(/^(\d{1,3})%$/.exec(value)?.[1] ?? Number.NaN)
  if (number <= 100) return `${number}%`
  const message = `is no share of the hosts: ${show(value)}; write it like "25%", or as a number of hosts`
  context.issues.push({ code: 'custom', input: value, message })
  return z.NEVER
})

const amount = (least: number): z.ZodType<Amount> => {
  const number: z.ZodType<Amount> = z.int().min(least)
  return choose<Amount>(value => (typeof value === 'string' ? percent : number), number, percent).refine(
    value => least === 0 || value !== '0%',
    'is none; a batch has at least one host',
  )
}

const shortCheck: z.ZodType<NonNullable<Canary['check']>> = text.transform(run => ({
  run,
  on: 'here' as const,
  timeout: 60_000,
}))

const longCheck: z.ZodType<NonNullable<Canary['check']>> = closed({
  run: text,
  on: z.enum(['here', 'hosts']).optional(),
  timeout: duration.optional(),
}).transform(({ run, on = 'here', timeout = 60_000 }) => ({ run, on, timeout }))

const check = choose(value => (isObject(value) ? longCheck : shortCheck), shortCheck, longCheck)

const hosts = z.int().min(1)

const shortCanary: z.ZodType<Canary> = hosts.transform(count => ({
  hosts: count,
  pause: 0,
  check: null,
  confirm: true,
}))

/** What decides is the command, where there is one; a person is asked too only when that is said. */
const longCanary: z.ZodType<Canary> = closed({
  hosts,
  pause: duration.optional(),
  check: check.optional(),
  confirm: z.boolean().optional(),
}).transform(({ hosts: count, pause = 0, check: command = null, confirm = command === null }) => {
  return { hosts: count, pause, check: command, confirm }
})

const noCanary: z.ZodType<never> = z.never({
  error: issue => should('a number of hosts or { hosts: 1 }', issue.input),
})

const canary = choose<Canary>(
  value => {
    if (isObject(value)) return longCanary
    return typeof value === 'number' ? shortCanary : noCanary
  },
  shortCanary,
  longCanary,
)

/** How the hosts are taken: all at once, or in batches. */
export const rollout: z.ZodType<Rollout> = closed({
  batch: amount(1).optional(),
  minUp: amount(0).optional(),
  canary: canary.optional(),
  bake: bake.optional(),
}).transform(({ batch = '100%', minUp = null, canary: first = null, bake: last = null }) => {
  return { batch, minUp, canary: first, bake: last }
})
