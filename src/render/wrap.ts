import { stripVTControlCharacters } from 'node:util'
import { widthOf } from './table.js'

/** A command that stands alone in its line or behind a label: `  next: clonedeploy deploy`, `fix: ssh-keygen -R web-1`. */
const command =
  /(?:^|: +) *(?=(?:clonedeploy|npx|pnpm|yarn|bunx|node|sh|ssh|ssh-keygen|git|sudo|chmod|mkdir|rm|cd|kill) [\w'./$~-])/

/** What a wrapped line goes on below: a time and a phase, a name, a mark, a label. */
const lead = /^ *(?:(?:\d\d:\d\d )?(?:[✔✖!·$✓…←] )?\S+(?: {2,}| \| )|[✔✖!·$✓…←] |[a-z][a-z ]*: +)/

/** A word with the gap before it; what is quoted is one. */
const words = /( *)((?:'[^' ]*(?: [^']*)?'|[^ ])+)/g

/** Up to the next wide gap, which parts columns and what stands beside each other. */
const column = /^(?: ?[^ ]+)*/

/** The lines in at most so many columns, broken between words; a word that is longer than a line stays whole. */
export function wrapped(text: string, columns: number): string {
  if (columns < 20) return text
  return text
    .split('\n')
    .map(line => (line.length <= columns || widthOf(line) <= columns ? line : wrapLine(line, columns)))
    .join('\n')
}

/**
 * What stands behind a wide gap stays whole, where a line has room for it. A command that goes on in the next line ends in a
 * backslash, so that both can be copied into a shell together.
 */
function wrapLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  const indent = hanging(plain, columns)
  const starts = commandAt(plain)
  let done = ''
  let rest = ''
  let seen = 0
  let ended = false
  for (const { 1: gap = '', 2: word = '', index } of line.matchAll(words)) {
    const inCommand: boolean = starts !== null && seen >= starts && !ended
    ended ||= inCommand && gap.length > 2
    const spare = inCommand && !ended ? 2 : 0
    const [whole = ''] = gap.length > 2 ? (column.exec(line.slice(index + gap.length)) ?? []) : []
    const next = widthOf(whole) + indent <= columns && spare === 0 ? whole || word : word
    if (rest.trim() !== '' && widthOf(rest + gap + next) > columns - spare) {
      done += `${rest}${spare > 0 ? ' \\' : ''}\n`
      rest = ' '.repeat(Math.max(0, Math.min(indent, columns - widthOf(word)))) + word
    } else rest += gap + word
    seen += widthOf(gap + word)
  }
  return done + rest
}

/** The column behind the first word of the command; null: the line has none. */
function commandAt(plain: string): number | null {
  const found = command.exec(plain)
  return found === null ? null : found.index + found[0].length + 1
}

function hanging(plain: string, columns: number): number {
  const [behind = ''] = lead.exec(plain) ?? []
  const width = widthOf(behind)
  return width > columns / 2 || width === 0 ? plain.length - plain.trimStart().length : width
}
