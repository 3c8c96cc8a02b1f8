import type { Value } from './ruby-values.js'

/** What a value comes to. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainHash

export interface PlainHash {
  readonly entries: readonly { readonly key: string; readonly symbol: boolean; readonly value: Known }[]
}

/** `why`: why nobody can say, as the end of a sentence that begins with what it is. */
export type Known = { readonly value: Plain } | { readonly why: string }

/** What may be looked up. */
export interface Scope {
  readonly setting: (name: string) => Known | null
  readonly variable: (name: string) => Known | null
  /** An environment variable was left out, and its default taken. */
  readonly fromEnv: (name: string, line: number) => void
  /** How much may still be worked out: a file can be made to double a text again and again. */
  budget: number
}

const longest = 10_000
const isCode: Known = { why: 'is Ruby code, which is not run here' }
const tooMuch: Known = { why: 'is too long' }

/** Works out a value, and runs nothing. */
export function known(value: Value, scope: Scope): Known {
  if (scope.budget-- <= 0) return tooMuch
  switch (value.kind) {
    case 'plain':
      return { value: value.value }
    case 'text':
      return textOf(value.parts, scope)
    case 'list':
      return listOf(value.items, scope)
    case 'hash':
      return { value: { entries: value.entries.map(one => ({ ...one, value: known(one.value, scope) })) } }
    case 'setting':
      return (
        scope.setting(value.name) ?? otherwise(value.otherwise, scope, `needs :${value.name}, which is not set before`)
      )
    case 'env':
      if (value.otherwise !== null) scope.fromEnv(value.name, value.line)
      return otherwise(value.otherwise, scope, `is read from the environment variable ${value.name}`)
    case 'variable':
      return scope.variable(value.name) ?? isCode
    case 'sum':
      return sumOf(known(value.left, scope), known(value.right, scope))
    case 'later':
      return known(value.value, scope)
    case 'proxy':
      return proxyOf(value.by, known(value.value, scope))
    case 'code':
      return isCode
  }
}

function otherwise(value: Value | null, scope: Scope, why: string): Known {
  return value === null ? { why } : known(value, scope)
}

function textOf(parts: readonly (string | Value)[], scope: Scope): Known {
  let text = ''
  for (const part of parts) {
    const one = typeof part === 'string' ? { value: part } : known(part, scope)
    if ('why' in one) return one
    if (typeof one.value === 'object') return isCode
    text += String(one.value)
    if (text.length > longest) return tooMuch
  }
  return { value: text }
}

/** A list in which one part is not known is not known. */
function listOf(items: readonly Value[], scope: Scope): Known {
  const values: Plain[] = []
  for (const item of items) {
    const one = known(item, scope)
    if ('why' in one) return one
    values.push(one.value)
  }
  return { value: values }
}

function sumOf(left: Known, right: Known): Known {
  if ('why' in left) return left
  if ('why' in right) return right
  const [a, b] = [left.value, right.value]
  if (isList(a) && isList(b)) return a.length + b.length > longest ? tooMuch : { value: [...a, ...b] }
  if (typeof a !== 'string' || typeof b !== 'string') return isCode
  return a.length + b.length > longest ? tooMuch : { value: a + b }
}

/** `ssh bastion -W %h:%p` goes by a host that our configuration can name. */
function proxyOf(by: 'command' | 'jump', of: Known): Known {
  if ('why' in of || typeof of.value !== 'string') return isCode
  if (by === 'jump') return of
  const words = of.value.trim().split(/\s+/)
  const host = words.filter((word, at) => at > 0 && word !== '-q' && word !== '-W' && word !== '%h:%p')
  const goes = words[0] === 'ssh' && words[words.indexOf('-W') + 1] === '%h:%p' && host.length === 1
  const [jump = '-'] = host
  return goes && !jump.startsWith('-')
    ? { value: jump }
    : { why: 'is a command of its own; write it as ProxyCommand into your ssh config' }
}

export function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}

export function isHash(value: Plain): value is PlainHash {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text, or a list of texts, as a list of texts; null: it is something else. */
export function textsOf(value: Plain): readonly string[] | null {
  const all = isList(value) ? value.flatMap(one => (isList(one) ? one : [one])) : [value]
  return all.every(one => typeof one === 'string') ? all : null
}
