import * as z from 'zod'
import { choose, isObject, oneOrMany } from '../choose.js'
import type { Hook, RuntimeCommand } from '../config.js'
import { closed } from '../unknown-key.js'
import { duration, roles, text } from './scalars.js'

const limits = { roles: roles.optional(), timeout: duration.optional() }

/** Commands that make a release ready; those with `once` run on one host. */
export const prepare = hooks(600_000, closed({ run: text, once: z.boolean().optional(), ...limits }))

const bare = text.transform((run): RuntimeCommand => ({ run, roles: null }))

const limited = closed({ run: text, roles: roles.optional() }).transform(
  ({ run, roles: on }): RuntimeCommand => ({ run, roles: on ?? null }),
)

/** Commands that print a version. */
export const runtime = oneOrMany(choose<RuntimeCommand>(value => (isObject(value) ? limited : bare), bare, limited))

interface HookInput {
  readonly run: string
  readonly once?: boolean | undefined
  readonly roles?: readonly string[] | undefined
  readonly timeout?: number | undefined
}

function hooks(timeout: number, form: z.ZodType<HookInput>): z.ZodType<readonly Hook[]> {
  const short: z.ZodType<HookInput> = text.transform(run => ({ run }))
  const hook = choose(value => (isObject(value) ? form : short), short, form)
  return oneOrMany(
    hook.transform(({ run, once, roles, timeout: own }) => ({
      run,
      once: once ?? false,
      roles: roles ?? null,
      timeout: own ?? timeout,
    })),
  )
}
