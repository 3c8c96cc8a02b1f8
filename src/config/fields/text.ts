import * as z from 'zod'
import { show } from '../problems/show.js'

/** Text that is not blank and has no NUL. */
export const text = checked(() => null)

/** Text in one line, such as a path or a name. */
export const line = checked(lineProblem)

/** Text of which `problem` finds nothing wrong; it may count on it not being blank. */
export function checked(problem: (value: string) => string | null): z.ZodType<string> {
  return z.string().check(context => {
    const found = blankProblem(context.value) ?? problem(context.value)
    if (found !== null) context.issues.push({ code: 'custom', input: context.value, message: found })
  })
}

export function lineProblem(value: string): string | null {
  return /\p{Cc}/u.test(value) ? `has a line break or control character in it: ${show(value)}` : null
}

function blankProblem(value: string): string | null {
  if (value.trim() === '') return 'is empty'
  return value.includes('\0') ? 'has a NUL byte in it' : null
}
