import { PreflightError } from '../../errors.js'

export interface FileEntry {
  readonly kind: 'file'
  readonly path: string
  readonly mode: '644' | '755'
  readonly size: number
  readonly sha256: string
}

export interface LinkEntry {
  readonly kind: 'link'
  readonly path: string
  readonly target: string
}

export interface FolderEntry {
  readonly kind: 'folder'
  readonly path: string
}

export type Entry = FileEntry | LinkEntry | FolderEntry

/** One entry as a line of the manifest; `newline` is the byte that stands for \n in names. */
export function lineOf(entry: Entry, newline: string): string {
  const path = entry.path.replaceAll('\n', newline)
  switch (entry.kind) {
    case 'folder':
      return `d ${path}`
    case 'file':
      return `f ${entry.mode} ${entry.size} ${entry.sha256} ${path}`
    case 'link':
      return `l ${entry.target.replaceAll('\n', newline)}//${path}`
  }
}

/** The entry of a line; null when the line is not one that `lineOf` could have made. */
export function entryOf(line: string, newline: string): Entry | null {
  const entry = readLine(line, newline)
  return entry !== null && isPlainPath(entry.path) ? entry : null
}

/** Relative, of one or more names, none of them empty, `.` or `..`. */
export function isPlainPath(path: string): boolean {
  if (path.includes('\0')) return false
  return path.split('/').every(name => name !== '' && name !== '.' && name !== '..')
}

const fileLine = /^f (644|755) (0|[1-9][0-9]{0,15}) ([0-9a-f]{64}) (.+)$/s

function readLine(line: string, newline: string): Entry | null {
  const decode = (name: string) => name.replaceAll(newline, '\n')
  if (line.startsWith('d ')) return { kind: 'folder', path: decode(line.slice(2)) }
  if (line.startsWith('l ')) return readLink(decode(line.slice(2)))
  const [, mode, size, sha256, path] = fileLine.exec(line) ?? []
  if ((mode !== '644' && mode !== '755') || sha256 === undefined || path === undefined) return null
  return { kind: 'file', path: decode(path), mode, size: Number(size), sha256 }
}

function readLink(text: string): Entry | null {
  const at = text.lastIndexOf('//')
  if (at < 1 || text.includes('\0')) return null
  return { kind: 'link', path: text.slice(at + 2), target: text.slice(0, at) }
}

/** A manifest that we cannot have written, or that was damaged since. */
export class ManifestError extends PreflightError {
  override name = 'ManifestError'
  constructor(
    readonly reason: string,
    readonly line: number | null,
    text: string,
  ) {
    const where = line === null ? '' : `line ${line} `
    super(`a manifest is damaged: ${where}${reason}`, { details: [JSON.stringify(text.slice(0, 200))] })
  }
}
