import { syntaxError } from '../problems/syntax-error.js'
import { type JsonFault, jsonFault } from './json.js'

/** JSON of a file, or a ConfigError that shows where it stops being JSON. */
export function readJson(label: string, source: string): unknown {
  const text = source.replace(/^\uFEFF/, '')
  const fault = jsonFault(text)
  if (fault === null) return JSON.parse(text)
  const before = text.slice(0, fault.offset).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  throw syntaxError({ label, text, line: before.length, column }, message(text, fault))
}

function message(text: string, { offset, expected }: JsonFault): string {
  const character = text[offset]
  if (character === undefined) return 'Unexpected end of the file'
  if (character === '/' || character === '#') return 'JSON has no comments'
  if (character === "'") return 'JSON has double quotes only'
  if (expected !== null) return `Expected ${expected}, found ${character}`
  if (character === '"') return 'This text has no end, or a character in it that JSON does not allow'
  const isTrailing = /,\s*$/.test(text.slice(0, offset)) && '}]'.includes(character)
  return isTrailing ? `Unexpected ${character} after a comma` : `Unexpected ${character}`
}
