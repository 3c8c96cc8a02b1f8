import * as z from 'zod'
import { durationForm, parseDuration } from '../../text/duration.js'
import { show } from '../problems/show.js'

/** Milliseconds, more than none. */
export const duration: z.ZodType<number> = z.unknown().transform((value, context): number => {
  const ms = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : null
  if (ms !== null && ms > 0) return ms
  context.issues.push({ code: 'custom', input: value, message: problem(value, ms) })
  return z.NEVER
})

function problem(value: unknown, ms: number | null): string {
  return ms === 0 ? 'should be longer than nothing' : `is no duration: ${show(value)}; ${durationForm}`
}
