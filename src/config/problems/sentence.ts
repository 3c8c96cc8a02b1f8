import type * as z from 'zod'
import { didYouMean } from '../../text/suggest.js'
import { show } from './show.js'

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** Says what is wrong with a value, for people. Fields with a message of their own do not come here. */
export function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : should(nouns[issue.expected] ?? issue.expected, issue.input)
    case 'invalid_value':
      return should(issue.values.map(show).join(' or '), issue.input) + meant(issue.input, issue.values)
    case 'invalid_key':
      return issue.issues?.[0]?.message ?? 'is not a name that can be used here'
    case 'too_small':
      return `should be at least ${issue.minimum}, got ${show(issue.input)}`
    case 'too_big':
      return `should be at most ${issue.maximum}, got ${show(issue.input)}`
    default:
      return `cannot be ${show(issue.input)}`
  }
}

/** "should be text, got 3" */
export function should(be: string, got: unknown): string {
  return `should be ${be}, got ${show(got)}`
}

function meant(input: unknown, values: readonly unknown[]): string {
  return typeof input === 'string' ? didYouMean(input, values.map(String)) : ''
}
