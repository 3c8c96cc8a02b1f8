import { Broken, found, type Part, type Scanner, type Token, take } from './ruby-token.js'

/** Reads the tokens of an interpolation, to its `}`. */
export type Inner = (scanner: Scanner) => readonly Token[]

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }
const simple: Readonly<Record<string, string>> = { n: '\n', t: '\t', s: ' ', r: '\r', e: '\x1b', '\n': '' }
const numbered = 'uxcCM01234567'

/** From the character behind the first quote to the one behind the last. `inner`: null where nothing is interpolated. */
export function readQuoted(scanner: Scanner, open: string, inner: Inner | null): readonly Part[] {
  const { line } = scanner
  const close = closing[open] ?? open
  const parts: Part[] = []
  let plain = ''
  for (let depth = 0; scanner.at < scanner.text.length; ) {
    const character = take(scanner, 1)
    if (character === close && depth-- === 0) return [...parts, plain]
    if (character === open && close !== open) depth++
    if (character === '\\') {
      const next = take(scanner, 1)
      if (inner !== null && numbered.includes(next)) parts.push([])
      else plain += inner === null ? bare(next, open, close) : (simple[next] ?? next)
    } else if (character === '#' && inner !== null && found(scanner, /[{@$]/y) !== null) {
      parts.push(plain, interpolated(scanner, inner))
      plain = ''
    } else plain += character
  }
  throw new Broken(line, 'a text that does not end')
}

function bare(next: string, open: string, close: string): string {
  return next === '\\' || next === open || next === close ? next : `\\${next}`
}

/** `#@name` says nothing that is known here. */
function interpolated(scanner: Scanner, inner: Inner): Part {
  if (found(scanner, /\{/y) === null) return []
  take(scanner, 1)
  return inner(scanner)
}

/** The words of `%w[a b]`; null where one of them has an escape or an interpolation. */
export function readWords(scanner: Scanner, open: string, letter: string): readonly string[] | null {
  const start = scanner.at
  const [text] = readQuoted(scanner, open, null)
  const written = scanner.text.slice(start, scanner.at)
  if (typeof text !== 'string' || written.includes('\\')) return null
  if ('WI'.includes(letter) && text.includes('#')) return null
  return text.split(/\s+/).filter(word => word !== '')
}

/** Goes over the lines of the heredocs that began on the line before. */
export function skipHeredocs(scanner: Scanner): void {
  for (const { end, indented, line } of scanner.heredocs.splice(0)) {
    for (;;) {
      if (scanner.at >= scanner.text.length) throw new Broken(line, `a heredoc without its ${end}`)
      const read = found(scanner, /[^\n]*\n?/y)?.[0] ?? ''
      take(scanner, read.length)
      const bare = read.replace(/\r?\n$/, '')
      if ((indented ? bare.trim() : bare) === end) break
    }
  }
}
