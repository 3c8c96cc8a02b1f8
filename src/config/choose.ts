import * as z from 'zod'
import { sentence } from './problems/sentence.js'

const forms = new WeakMap<z.core.$ZodType, readonly z.ZodType[]>()

/** Any value, for a function to look at that takes these forms and says in its own words what is wrong with others. */
export function inForms(...all: readonly z.ZodType[]): z.ZodType {
  const any = z.unknown()
  forms.set(any, all)
  return any
}

/**
 * A value of several forms, each checked by the schema that it was probably written for. A zod union would answer
 * "Invalid input" or the complaints of every form. `all` are the forms that `pick` picks from.
 */
export function choose<T>(pick: (value: unknown) => z.ZodType<T>, ...all: readonly z.ZodType[]): z.ZodType<T> {
  return inForms(...all).transform((value, context): T => {
    const result = pick(value).safeParse(value, { error: sentence })
    if (result.success) return result.data
    context.issues.push(...result.error.issues.map(issue => ({ ...issue, input: value }) as z.core.$ZodRawIssue))
    return z.NEVER
  })
}

/** The forms of a value that may have several; undefined for any other schema. */
export function formsOf(schema: z.core.$ZodType): readonly z.ZodType[] | undefined {
  return forms.get(schema)
}

/** One or several: always a list in the end. */
export function oneOrMany<T>(one: z.ZodType<T>): z.ZodType<readonly T[]> {
  const many: z.ZodType<readonly T[]> = z.array(one)
  const single: z.ZodType<readonly T[]> = one.transform(value => [value])
  return choose(value => (Array.isArray(value) ? many : single), single, many)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
