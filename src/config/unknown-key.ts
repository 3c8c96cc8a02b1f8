import * as z from 'zod'
import { didYouMean } from '../text/suggest.js'

/** An object that has these keys only. `refused` says why some others are not among them. */
export function closed<S extends z.core.$ZodLooseShape>(shape: S, refused: Readonly<Record<string, string>> = {}) {
  return z.strictObject(shape, {
    error: issue =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map(key => unknownKey(key, Object.keys(shape), refused)).join('\n')
        : undefined,
  })
}

/** What to say of a key that is not known, in one line. */
export function unknownKey(key: string, known: readonly string[], refused: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(refused, key)) return refused[key] as string
  return `unknown key${didYouMean(key, known) || list(known)}`
}

function list(known: readonly string[]): string {
  return known.length > 12 ? '' : `; the keys here are ${known.join(', ')}`
}
