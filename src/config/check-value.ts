import type * as z from 'zod'
import type { Path, Problem } from './problems/problem.js'
import { sentence } from './problems/sentence.js'

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** A value against its schema, with the problems in words. */
export function checkValue<T>(schema: z.ZodType<T>, value: unknown, path: Path): Checked<T> {
  const result = schema.safeParse(value, { error: sentence })
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, problems: result.error.issues.flatMap(issue => problemsOf(issue, [...path, ...issue.path])) }
}

/** zod names all unknown keys of an object in one issue; the message has a line for each. */
function problemsOf(issue: z.core.$ZodIssue, path: Path): readonly Problem[] {
  if (issue.code !== 'unrecognized_keys') return [{ path, text: issue.message }]
  const lines = issue.message.split('\n')
  return issue.keys.map((key, i) => ({ path: [...path, key], text: lines[i] ?? 'unknown key' }))
}
