import { relative } from 'node:path'
import type * as z from 'zod'
import { escapeLine } from '../../text/escape.js'
import { didYouMean } from '../../text/suggest.js'

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

/** A value of the config, short enough for an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return escapeLine(JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value))
  if (value === null || ['number', 'boolean', 'bigint', 'undefined'].includes(typeof value)) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'function' ? 'a function' : `an ${typeof value}`
}

/** A path as a person in `cwd` would write it. */
export function displayPath(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near.startsWith('../../../') ? path : near
}
