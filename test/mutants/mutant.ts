import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A deliberate break of the program, and the tests that must notice it. */
export interface Mutant {
  readonly name: string
  /** The promises (P), threats (S) and faults (F) that it breaks, and what that means. */
  readonly breaks: string
  readonly witnesses: readonly Witness[]
  readonly hunks: readonly Hunk[]
}

/** Tests, by their file (below test/, without `.test.ts`) and by words of their names. */
export interface Witness {
  readonly file: string
  readonly words: string
}

/** Lines to change, each with the sign that it has in a diff: a space (kept), `-` (removed) or `+` (added). */
export interface Hunk {
  readonly file: string
  readonly lines: readonly string[]
}

/** Texts by path, relative to the root of the repository. */
export type Sources = ReadonlyMap<string, string>

const folder = import.meta.dirname

/** All mutants, sorted by name. */
export function readMutants(): readonly Mutant[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.patch'))
  return files.sort().map(file => parseMutant(file.replace('.patch', ''), readFileSync(join(folder, file), 'utf8')))
}

/**
 * Reads a mutant: `breaks:` and one or more `noticed by:` lines, then a diff without line numbers. Its lines alone say where
 * they belong, so that a change nearby, or a file that moves, does not make a mutant useless.
 */
export function parseMutant(name: string, text: string): Mutant {
  const lines = text.replace(/\n$/, '').split('\n')
  const head = lines.slice(0, Math.max(0, lines.indexOf('')))
  const told = (key: string) => head.flatMap(line => (line.startsWith(`${key}: `) ? [line.slice(key.length + 2)] : []))
  const [breaks] = told('breaks')
  const witnesses = told('noticed by').map(line => {
    const [file = '', ...words] = line.split(' ')
    return { file, words: words.join(' ') }
  })
  const hunks = hunksOf(lines.slice(head.length + 1))
  if (breaks === undefined || witnesses.length === 0 || hunks.length === 0)
    throw new Error(`${name}.patch needs a line "breaks:", a line "noticed by:", an empty line and a diff`)
  return { name, breaks, witnesses, hunks }
}

/** The new text of every file that a mutant changes. Throws unless each of its hunks has exactly one place. */
export function mutate({ name, hunks }: Mutant, sources: Sources): Sources {
  const changed = new Map<string, string>()
  for (const hunk of hunks) {
    const now = new Map([...sources, ...changed])
    const { file, at } = placeOf(name, hunk, now)
    changed.set(file, replaced(now.get(file) ?? '', at, hunk))
  }
  return changed
}

function hunksOf(lines: readonly string[]): readonly Hunk[] {
  const hunks: { file: string; lines: string[] }[] = []
  let file = ''
  for (const line of lines) {
    if (line.startsWith('--- ')) file = line.slice(4)
    else if (line === '@@') hunks.push({ file, lines: [] })
    else hunks.at(-1)?.lines.push(line === '' ? ' ' : line)
  }
  return hunks
}

/** In the file that is named; where that has moved, or its lines have, in the one file that has them. */
function placeOf(name: string, hunk: Hunk, sources: Sources): { readonly file: string; readonly at: number } {
  const old = hunk.lines.flatMap(line => (line.startsWith('+') ? [] : [line.slice(1).trim()]))
  const placesIn = (file: string) => startsOf(sources.get(file) ?? '', old).map(at => ({ file, at }))
  const named = placesIn(hunk.file)
  const places = named.length > 0 ? named : [...sources.keys()].flatMap(placesIn)
  const [place] = places
  if (place !== undefined && places.length === 1) return place
  const found = place === undefined ? 'nowhere' : `in ${places.length} places`
  throw new Error(`${name}.patch does not apply: its lines are ${found} (${hunk.file}):\n${hunk.lines.join('\n')}`)
}

/** Where these lines begin, whatever their indentation is. */
function startsOf(text: string, old: readonly string[]): readonly number[] {
  const lines = text.split('\n').map(line => line.trim())
  return lines.flatMap((_, at) => (old.every((line, i) => lines[at + i] === line) ? [at] : []))
}

function replaced(text: string, at: number, hunk: Hunk): string {
  const lines = text.split('\n')
  let next = at
  const made: string[] = []
  for (const line of hunk.lines) {
    if (line.startsWith('+')) made.push(line.slice(1))
    else if (line.startsWith('-')) next += 1
    else made.push(lines[next++] ?? '')
  }
  return [...lines.slice(0, at), ...made, ...lines.slice(next)].join('\n')
}
