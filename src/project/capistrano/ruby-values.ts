import { isOp, isWord, type Part, type Token } from './ruby-token.js'

/** An expression, as far as it is understood. */
export type Value =
  | { readonly kind: 'text'; readonly parts: readonly (string | Value)[] }
  | { readonly kind: 'plain'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'hash'; readonly entries: readonly HashEntry[] }
  | { readonly kind: 'setting'; readonly name: string; readonly otherwise: Value | null }
  | { readonly kind: 'env'; readonly name: string; readonly otherwise: Value | null; readonly line: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'sum'; readonly left: Value; readonly right: Value }
  /** What Ruby works out when it is asked for. */
  | { readonly kind: 'later'; readonly value: Value }
  /** The command or the hosts by which net-ssh goes. */
  | { readonly kind: 'proxy'; readonly by: 'command' | 'jump'; readonly value: Value }
  | { readonly kind: 'code' }

export interface HashEntry {
  readonly key: string
  /** `key:` or `:key =>`, not `'key' =>`. */
  readonly symbol: boolean
  readonly value: Value
}

const code: Value = { kind: 'code' }
const deepest = 30

/** What stands between commas, on one level. */
export function pieces(tokens: readonly Token[], by = ','): readonly (readonly Token[])[] {
  const found: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (isOp(token, '(', '[', '{')) depth++
    if (isOp(token, ')', ']', '}')) depth--
    if (depth === 0 && isOp(token, by)) found.push([])
    else found.at(-1)?.push(token)
  }
  return found.map(trimmed).filter((piece, at) => at < found.length - 1 || piece.length > 0)
}

/** The arguments of a call; keys at its end are one hash. */
export function argumentsOf(tokens: readonly Token[], depth = 0): readonly Value[] {
  const bare = isOp(tokens[0], '(') && closingOf(tokens, 0) === tokens.length - 1 ? tokens.slice(1, -1) : tokens
  const all = pieces(bare)
  const entries = all.filter(isEntry).map(piece => entryOf(piece, depth))
  const values = all.filter(piece => !isEntry(piece)).map(piece => expression(piece, depth))
  return entries.length === 0 ? values : [...values, hash(entries)]
}

/** The value of an expression. What is not understood is code. */
export function expression(tokens: readonly Token[], depth = 0): Value {
  const all = trimmed(tokens)
  if (all.length === 0 || depth > deepest) return code
  const [left = [], ...others] = pieces(all, '||')
  if (others.length > 0)
    return others.length === 1 ? or(expression(left, depth + 1), expression(others[0] ?? [], depth + 1)) : code
  const terms = pieces(all, '+').map(term => (term.length === 0 ? code : termOf(term, depth + 1)))
  return terms.reduce((left, right) => ({ kind: 'sum', left, right }))
}

function or(left: Value, otherwise: Value): Value {
  const takes = (left.kind === 'env' || left.kind === 'setting') && left.otherwise === null
  return takes ? { ...left, otherwise } : code
}

function termOf(tokens: readonly Token[], depth: number): Value {
  const [first] = tokens
  if (first === undefined) return code
  const { value, next } = primary(tokens, first, depth)
  return suffixed(value, tokens.slice(next), depth)
}

interface Primary {
  readonly value: Value
  /** How many tokens it took. */
  readonly next: number
}

function primary(tokens: readonly Token[], first: Token, depth: number): Primary {
  switch (first.kind) {
    case 'text':
      return joined(tokens, depth)
    case 'symbol':
      return { value: plain(first.text), next: 1 }
    case 'number':
      return { value: /^\d+(\.\d+)?$/.test(first.text) ? plain(Number(first.text)) : code, next: 1 }
    case 'list':
      return { value: { kind: 'list', items: first.items.map(plain) }, next: 1 }
    case 'op':
      return bracketed(tokens, first, depth)
    case 'word':
      return called(tokens, first, depth)
    default:
      return { value: code, next: 1 }
  }
}

/** Texts beside one another are one. */
function joined(tokens: readonly Token[], depth: number): Primary {
  const other = tokens.findIndex(token => token.kind !== 'text')
  const next = other === -1 ? tokens.length : other
  const parts = tokens.slice(0, next).flatMap(token => token.parts.map(part => partOf(part, depth)))
  return { value: { kind: 'text', parts }, next }
}

function partOf(part: Part, depth: number): string | Value {
  return typeof part === 'string' ? part : expression(part, depth + 1)
}

function bracketed(tokens: readonly Token[], first: Token, depth: number): Primary {
  if (isOp(first, '->')) return later(tokens, 1, depth)
  const end = closingOf(tokens, 0)
  const inside = tokens.slice(1, end)
  const next = end + 1
  if (end === -1) return { value: code, next: tokens.length }
  if (isOp(first, '(')) return { value: expression(inside, depth + 1), next }
  if (isOp(first, '{')) return { value: hashOf(inside, depth), next }
  if (!isOp(first, '[')) return { value: code, next }
  return { value: { kind: 'list', items: argumentsOf(inside, depth + 1) }, next }
}

function hashOf(inside: readonly Token[], depth: number): Value {
  const all = pieces(inside)
  return all.every(isEntry) ? hash(all.map(piece => entryOf(piece, depth))) : code
}

/** `{ one expression }` of a lambda without parameters. */
function later(tokens: readonly Token[], from: number, depth: number): Primary {
  const at = isOp(tokens[from], '(') && isOp(tokens[from + 1], ')') ? from + 2 : from
  const end = isOp(tokens[at], '{') ? closingOf(tokens, at) : -1
  if (end === -1) return { value: code, next: tokens.length }
  return { value: { kind: 'later', value: expression(tokens.slice(at + 1, end), depth + 1) }, next: end + 1 }
}

function called(tokens: readonly Token[], { text: name }: Token, depth: number): Primary {
  if (name === 'true' || name === 'false') return { value: plain(name === 'true'), next: 1 }
  if (name === 'nil') return { value: plain(null), next: 1 }
  if (name === 'fetch') return setting(tokens, depth)
  if (name === 'ENV') return env(tokens, depth)
  if (name === 'lambda' || name === 'proc') return later(tokens, 1, depth)
  if (name === 'Net') return proxy(tokens, depth)
  return { value: { kind: 'variable', name }, next: 1 }
}

/** `fetch(:name)`, `fetch(:name, otherwise)`; without brackets it takes all that follows. */
function setting(tokens: readonly Token[], depth: number): Primary {
  const end = isOp(tokens[1], '(') ? closingOf(tokens, 1) : tokens.length - 1
  const [name, otherwise = null, ...more] = argumentsOf(tokens.slice(1, end + 1), depth + 1)
  const next = end === -1 ? tokens.length : end + 1
  if (name?.kind !== 'plain' || typeof name.value !== 'string' || more.length > 0) return { value: code, next }
  return { value: { kind: 'setting', name: name.value, otherwise }, next }
}

/** `ENV['NAME']`, `ENV.fetch('NAME', otherwise)`, `ENV.fetch('NAME') { otherwise }` */
function env(tokens: readonly Token[], depth: number): Primary {
  const isFetch = isOp(tokens[1], '.') && isWord(tokens[2], 'fetch')
  const at = isFetch ? 3 : 1
  const end = isOp(tokens[at], isFetch ? '(' : '[') ? closingOf(tokens, at) : -1
  if (end === -1) return { value: code, next: tokens.length }
  const [name, second = null] = argumentsOf(tokens.slice(at + 1, end), depth + 1)
  const block = isFetch && isOp(tokens[end + 1], '{') ? later(tokens, end + 1, depth) : null
  const otherwise = block?.value.kind === 'later' ? block.value.value : second
  const next = block?.next ?? end + 1
  const [text = null, ...more] = name?.kind === 'text' ? name.parts : []
  if (typeof text !== 'string' || more.length > 0) return { value: code, next }
  return { value: { kind: 'env', name: text, otherwise, line: tokens[0]?.line ?? 0 }, next }
}

/** `Net::SSH::Proxy::Command.new('ssh bastion -W %h:%p')`, `Net::SSH::Proxy::Jump.new('bastion')` */
function proxy(tokens: readonly Token[], depth: number): Primary {
  const name = tokens.slice(0, 9).map(({ text }) => text)
  const by = /^Net::SSH::Proxy::(Command|Jump)\.new$/.exec(name.join(''))?.[1]
  const end = by !== undefined && isOp(tokens[9], '(') ? closingOf(tokens, 9) : -1
  if (end === -1) return { value: code, next: tokens.length }
  const value = expression(tokens.slice(10, end), depth + 1)
  return { value: { kind: 'proxy', by: by === 'Jump' ? 'jump' : 'command', value }, next: end + 1 }
}

/** Methods that change nothing, and those that add to a list. */
function suffixed(value: Value, rest: readonly Token[], depth: number): Value {
  const [dot, method] = rest
  if (rest.length === 0 || depth > deepest) return value
  if (!isOp(dot, '.') || method?.kind !== 'word') return code
  const end = isOp(rest[2], '(') ? closingOf(rest, 2) : 1
  if (end === -1) return code
  const given = argumentsOf(rest.slice(2, end + 1), depth + 1)
  const result = applied(value, method.text, given)
  return suffixed(result, rest.slice(end + 1), depth + 1)
}

function applied(value: Value, method: string, given: readonly Value[]): Value {
  const same =
    method === 'freeze' || method === 'dup' || (method === 'to_s' && ['text', 'setting'].includes(value.kind))
  if (same && given.length === 0) return value
  if (['push', 'append'].includes(method)) return { kind: 'sum', left: value, right: { kind: 'list', items: given } }
  const [right, ...more] = given
  return method === 'concat' && right !== undefined && more.length === 0 ? { kind: 'sum', left: value, right } : code
}

function isEntry(piece: readonly Token[]): boolean {
  if (piece[0]?.kind === 'label') return true
  return isOp(piece[1], '=>') && (piece[0]?.kind === 'symbol' || piece[0]?.kind === 'text')
}

function entryOf(piece: readonly Token[], depth: number): HashEntry {
  const [first, ...rest] = piece
  const value = expression(first?.kind === 'label' ? rest : rest.slice(1), depth + 1)
  if (first?.kind !== 'text') return { key: first?.text ?? '', symbol: true, value }
  const [key = '', ...more] = first.parts
  return typeof key === 'string' && more.length === 0
    ? { key, symbol: false, value }
    : { key: '', symbol: false, value: code }
}

function hash(entries: readonly HashEntry[]): Value {
  return { kind: 'hash', entries }
}

function plain(value: string | number | boolean | null): Value {
  return { kind: 'plain', value }
}

function closingOf(tokens: readonly Token[], from: number): number {
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    if (isOp(tokens[at], '(', '[', '{')) depth++
    if (isOp(tokens[at], ')', ']', '}') && --depth === 0) return at
  }
  return -1
}

function trimmed(tokens: readonly Token[]): readonly Token[] {
  const start = tokens.findIndex(token => token.kind !== 'newline')
  const end = tokens.findLastIndex(token => token.kind !== 'newline')
  return start === -1 ? [] : tokens.slice(start, end + 1)
}
