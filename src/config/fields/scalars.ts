import * as z from 'zod'
import { portProblem } from '../../inventory/parse.js'
import { durationForm, durationPattern, parseDuration } from '../../text/duration.js'
import { inForms } from '../choose.js'
import { show } from '../problems/sentence.js'

/** Text that is not blank and has no NUL. */
export const text = checked(() => null)

/** Text of which `problem` finds nothing wrong; it may count on it not being blank. `form` is what the JSON Schema says of it. */
export function checked(problem: (value: string) => string | null, form = /\S/): z.ZodType<string> {
  const schema = z.string().check(context => {
    const found = blankProblem(context.value) ?? problem(context.value)
    if (found !== null) context.issues.push({ code: 'custom', input: context.value, message: found })
  })
  return schema.register(z.globalRegistry, { pattern: form.source })
}

export function lineProblem(value: string): string | null {
  return /\p{Cc}/u.test(value) ? `has a line break or control character in it: ${show(value)}` : null
}

function blankProblem(value: string): string | null {
  if (value.trim() === '') return 'is empty'
  return value.includes('\0') ? 'has a NUL byte in it' : null
}

const inSeconds = z.number().positive()
const written = z.string().regex(durationPattern)

/** Milliseconds, more than none. */
export const duration: z.ZodType<number> = inForms(written, inSeconds).transform((value, context): number => {
  const ms = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : null
  if (ms !== null && ms > 0) return ms
  context.issues.push({ code: 'custom', input: value, message: problem(value, ms) })
  return z.NEVER
})

function problem(value: unknown, ms: number | null): string {
  if (value === undefined) return `is missing; ${durationForm}`
  return ms === 0 ? 'should be longer than nothing' : `is no duration: ${show(value)}; ${durationForm}`
}

const anyPort = z.int().check(context => {
  const message = portProblem(context.value)
  if (message !== null) context.issues.push({ code: 'custom', input: context.value, message })
})

export const port = anyPort.register(z.globalRegistry, { minimum: 1, maximum: 65_535 })

const roleForm = /^[\w.:-]+$/

export const role = checked(
  value => (roleForm.test(value) ? null : `a role has letters, digits, ".", "_", ":" and "-" only, got ${show(value)}`),
  roleForm,
)

/** Roles that something is limited to: at least one, as it would happen nowhere otherwise. */
export const roles: z.ZodType<readonly string[]> = z
  .array(role)
  .min(1, 'names no role, so it would happen nowhere; leave it out for all hosts')
