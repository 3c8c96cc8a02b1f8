import { createHash } from 'node:crypto'

/**
 * The list of everything in a release, as text that a POSIX shell can work with: lines sorted by byte (LC_ALL=C),
 *
 *     # clonedeploy 1 036              format, and the octal byte that stands for a newline in names
 *     d PATH                           every folder, without the root
 *     f MODE SIZE SHA256 PATH          MODE is 644 or 755, SIZE in bytes
 *     l TARGET//PATH                   a symbolic link (a path never holds `//`)
 *
 * each ended by \n. Names are bytes: all strings here are latin1 ("binary") decodings of them.
 */
export interface Manifest {
  readonly lines: readonly string[]
}

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

/** `sha256:…` of the manifest's text: equal digest = equal code. */
export function digestOf(manifest: Manifest): string {
  return `sha256:${createHash('sha256').update(textOf(manifest)).digest('hex')}`
}

export function textOf(manifest: Manifest): Buffer {
  return Buffer.from(manifest.lines.map(line => `${line}\n`).join(''), 'latin1')
}
