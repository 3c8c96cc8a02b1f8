import { escapeLine } from '../../text/escape.js'
import { hunksOf, type Range } from '../../text/hunks.js'

/** A text in words, and which of them are the host's own or vary from one of its answers to the next. */
export interface Heard {
  readonly words: readonly string[]
  /** In order; an empty one is a place where something may come in. */
  readonly free: readonly Range[]
}

/** What a host said at one place of its answers, answer by answer. `own`: how the host itself is called. */
export function heardIn(texts: readonly string[], own: readonly string[]): readonly Heard[] {
  const all = texts.map(wordsOf)
  const names = own.map(wordsOf)
  return all.map(words => {
    const varies = all.flatMap(other => (other === words ? [] : hunksOf(words, other).map(({ a }) => a)))
    return { words, free: joined(words, [...varies, ...names.flatMap(name => placesOf(name, words))]) }
  })
}

/** Letters and digits in a row are a word, white space in a line is one, and each other character is. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\n|[^\S\n]+|[^\p{L}\p{N}_\s]/gu) ?? []
}

function placesOf(name: readonly string[], words: readonly string[]): readonly Range[] {
  if (name.length === 0) return []
  return words.flatMap((word, from) =>
    word === name[0] && name.every((one, i) => words[from + i] === one) ? [{ from, to: from + name.length }] : [],
  )
}

const isWord = (text: string | undefined) => /[\p{L}\p{N}]/u.test(text ?? '')

/** What stands between two that vary, and is no word, belongs to them: a random text has other signs each time. */
function joined(words: readonly string[], ranges: readonly Range[]): readonly Range[] {
  const found: Range[] = []
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last === undefined || words.slice(last.to, range.from).some(isWord)) found.push(range)
    else found[found.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
  }
  return found
}

/** Where a text differs from another host's beyond what is free in both; null: nowhere. */
export function differsAt(a: Heard, b: Heard): { readonly a: Range; readonly b: Range } | null {
  return hunksOf(a.words, b.words).find(hunk => !isFree(a, hunk.a) || !isFree(b, hunk.b)) ?? null
}

/** Signs between words that vary are free with them; where there are signs alone, they have to vary themselves. */
function isFree({ words, free }: Heard, { from, to }: Range): boolean {
  if (from === to) return free.some(one => one.from <= from && from <= one.to)
  const all = Array.from({ length: to - from }, (_, i) => from + i)
  const telling = all.filter(i => isWord(words[i]))
  return (telling.length > 0 ? telling : all).every(i => free.some(one => one.from <= i && i < one.to))
}

/** Which share of the words is free. */
export function freeShare({ words, free }: Heard): number {
  const telling = words.map((word, i) => ({ word, i })).filter(({ word }) => isWord(word))
  const some = telling.filter(({ i }) => free.some(({ from, to }) => from <= i && i < to))
  return telling.length === 0 ? 0 : some.length / telling.length
}

/** Characters that are shown of a line. */
const shown = 120

/** The number of the line that holds a word, from 1, and what stands there, fit to be shown: of a long line, what is around the word. */
export function lineAround(words: readonly string[], at: number): { readonly line: number; readonly text: string } {
  const before = words.slice(0, at)
  const begin = before.lastIndexOf('\n') + 1
  const end = words.indexOf('\n', at)
  const text = words.slice(begin, end === -1 ? undefined : end).join('')
  const from = Math.max(0, words.slice(begin, at).join('').length - shown / 3)
  const cut = `${from > 0 ? '…' : ''}${text.slice(from, from + shown)}${from + shown < text.length ? '…' : ''}`
  return { line: before.filter(word => word === '\n').length + 1, text: escapeLine(cut.trim()) }
}
