import { createHash } from 'node:crypto'
import { byPath, checkTree, withParents } from '../select/tree.js'
import type { Entry, FileEntry, FolderEntry, LinkEntry } from './entry.js'
import { entryOf, lineOf } from './line.js'
import { ManifestError } from './manifest-error.js'
import { headerOf, newlineFor, newlineOf } from './newline.js'

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

/** What brings `base` to `next`: lines to take out and to put in, and the entries of `next` behind the latter. */
export interface Difference {
  readonly removed: readonly string[]
  readonly added: readonly string[]
  readonly files: readonly FileEntry[]
  readonly links: readonly LinkEntry[]
  readonly folders: readonly FolderEntry[]
}

/** `sha256:…` of the manifest's text: equal digest = equal code. */
export function digestOf(manifest: Manifest): string {
  const known = digests.get(manifest)
  if (known !== undefined) return known
  const digest = `sha256:${createHash('sha256').update(textOf(manifest)).digest('hex')}`
  digests.set(manifest, digest)
  return digest
}

const digests = new WeakMap<Manifest, string>()

export function textOf(manifest: Manifest): Buffer {
  return Buffer.from(manifest.lines.map(line => `${line}\n`).join(''), 'latin1')
}

/** The manifest of these entries; folders that are only implied by a path get their line too. */
export function manifestOf(entries: readonly Entry[]): Manifest {
  const all = withParents(entries)
  const newline = newlineFor(all.map(entry => (entry.kind === 'link' ? `${entry.path}/${entry.target}` : entry.path)))
  return { lines: [headerOf(newline), ...all.map(entry => lineOf(entry, newline)).sort()] }
}

/** All entries, sorted by path, so that a folder comes before what is in it. Throws a ManifestError for an odd line. */
export function entriesOf(manifest: Manifest): readonly Entry[] {
  const known = parsed.get(manifest) ?? parse(manifest)
  parsed.set(manifest, known)
  return known
}

/** A manifest of many files takes a while, and is asked for often. */
const parsed = new WeakMap<Manifest, readonly Entry[]>()

function parse(manifest: Manifest): readonly Entry[] {
  const newline = newlineOf(manifest.lines[0] ?? '')
  if (newline === null) throw new ManifestError('is not the header of a manifest', 1, manifest.lines[0] ?? '')
  const entries = manifest.lines.slice(1).map((line, i) => {
    const entry = entryOf(line, newline)
    if (entry === null) throw new ManifestError('is not a line of a manifest', i + 2, line)
    return entry
  })
  return entries.sort(byPath)
}

/** Reads a manifest that came from elsewhere. Strict: it is refused with a ManifestError unless it is exactly as we write them. */
export function parseManifest(text: Buffer): Manifest {
  const lines = text.toString('latin1').split('\n')
  if (lines.pop() !== '') throw new ManifestError('is missing or has no end: the text was cut', lines.length + 1, '')
  const unsorted = lines.findIndex((line, i) => i > 0 && (lines[i - 1] as string) >= line)
  if (unsorted > 0) throw new ManifestError('is out of order or repeated', unsorted + 1, lines[unsorted] as string)
  const manifest = { lines }
  checkTree(entriesOf(manifest))
  return manifest
}

/** From `base` (null: nothing) to `next`. */
export function difference(base: Manifest | null, next: Manifest): Difference {
  const ambiguous = base === null ? null : ambiguousLines(base, next)
  const same = (line: string, other: ReadonlySet<string>) => other.has(line) && !ambiguous?.test(line)
  const before = new Set(base?.lines ?? [])
  const after = new Set(next.lines)
  const removed = (base?.lines ?? []).filter(line => !same(line, after))
  const added = next.lines.filter(line => !same(line, before))
  const entries = entriesOf({ lines: [next.lines[0] as string, ...added.filter(line => line !== next.lines[0])] })
  return {
    removed,
    added,
    files: entries.filter(entry => entry.kind === 'file'),
    links: entries.filter(entry => entry.kind === 'link'),
    folders: entries.filter(entry => entry.kind === 'folder'),
  }
}

/**
 * Lines that read alike but mean two different names, when the two manifests write newlines with different bytes;
 * null when they use the same one.
 */
function ambiguousLines(base: Manifest, next: Manifest): RegExp | null {
  const [before, after] = [newlineOf(base.lines[0] ?? ''), newlineOf(next.lines[0] ?? '')]
  if (before === null || after === null || before === after) return null
  const escaped = [before, after].map(char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return new RegExp(`[${escaped.join('')}]`)
}
