import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Every document for people, by its path in the repository. */
export const documents: readonly string[] = [
  ...readdirSync(root).filter(name => name.endsWith('.md')),
  ...below('docs'),
  ...readdirSync(join(root, 'examples')).map(name => `examples/${name}/README.md`),
].sort()

function below(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return below(path)
    return path.endsWith('.md') ? [path] : []
  })
}

/** A text of this repository, by its path. */
export function document(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function isThere(path: string): boolean {
  return existsSync(join(root, path))
}

/** The code blocks in a language. */
export function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(found => found[1] === language)
    .map(found => found[2] ?? '')
}

/** Everything that is marked as code inside a line. */
export function codeSpans(text: string): readonly string[] {
  return [...prose(text).matchAll(/`([^`\n]+)`/g)].map(found => found[1] ?? '')
}

/** Where a document points, other than to the web: the path from the document, and the heading there. */
export function links(text: string): readonly { readonly path: string; readonly heading: string | null }[] {
  return [...prose(text).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path = '', heading]) => ({
    path,
    heading: heading ?? null,
  }))
}

/** The headings of a document as links name them. */
export function anchors(text: string): readonly string[] {
  return [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
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

/** Without the code blocks. */
function prose(text: string): string {
  return text.replace(/^```.*?^```$/gms, '')
}
