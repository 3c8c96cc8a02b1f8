import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A text of this repository, by its path. */
export function document(path: string): string {
  return readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
}

/** The code blocks in a language. */
export function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(found => found[1] === language)
    .map(found => found[2] ?? '')
}

/** Everything that is marked as code inside a line. */
export function codeSpans(text: string): readonly string[] {
  return [...text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(found => found[1] ?? '')
}

/** The rows below a table's head line, as cells. */
export function table(text: string, head: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map(line => line.replaceAll(/ +/g, ' '))
  const start = lines.findIndex(line => line.startsWith(head))
  if (start === -1) throw new Error(`there is no table that begins with ${head}`)
  const rows = lines.slice(start + 2)
  const end = rows.findIndex(line => !line.startsWith('|'))
  return rows.slice(0, end === -1 ? rows.length : end).map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}
