import { syntaxError } from '../problems/thrown.js'

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

interface JsonFault {
  readonly offset: number
  /** What could stand there instead; null when that is a value or a name of any kind. */
  readonly expected: string | null
}

/** Where a text stops being JSON, as JSON.parse often does not say. Null when it is JSON. */
function jsonFault(text: string): JsonFault | null {
  try {
    const end = space(text, value(text, space(text, 0)))
    return end === text.length ? null : { offset: end, expected: 'the end of the file' }
  } catch (error) {
    if (error instanceof Fault) return error.fault
    throw error
  }
}

class Fault extends Error {
  constructor(readonly fault: JsonFault) {
    super('not JSON')
  }
}

const string = /"(?:[^"\\\r\n]|\\.)*"/y
const word = /-?\d[\w.+-]*|true|false|null/y

function value(text: string, at: number): number {
  if (text[at] === '{') return items(text, at, '}', member)
  return text[at] === '[' ? items(text, at, ']', value) : token(text[at] === '"' ? string : word, text, at)
}

function items(text: string, at: number, close: string, item: (text: string, at: number) => number): number {
  let next = space(text, at + 1)
  if (text[next] === close) return next + 1
  for (;;) {
    next = space(text, item(text, next))
    if (text[next] === close) return next + 1
    if (text[next] !== ',') throw new Fault({ offset: next, expected: `"," or "${close}"` })
    next = space(text, next + 1)
  }
}

function member(text: string, at: number): number {
  const colon = space(text, token(string, text, at))
  if (text[colon] !== ':') throw new Fault({ offset: colon, expected: '":"' })
  return value(text, space(text, colon + 1))
}

function token(form: RegExp, text: string, at: number): number {
  form.lastIndex = at
  const [found] = form.exec(text) ?? []
  if (found === undefined || !isJson(found)) throw new Fault({ offset: at, expected: null })
  return at + found.length
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function space(text: string, at: number): number {
  let next = at
  while (' \t\n\r'.includes(text[next] ?? 'x')) next++
  return next
}
