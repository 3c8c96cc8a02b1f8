import { createHash } from 'node:crypto'
import { PreflightError } from '../../errors.js'
import { byPath, checkTree, withParents } from '../select/tree.js'
import {
  type Entry,
  entryOf,
  type FileEntry,
  type FolderEntry,
  type LinkEntry,
  lineOf,
  ManifestError,
} from './entry.js'

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

/** Control bytes that may stand for a newline in a manifest's names, in the order they are tried. */
const candidates = [0o36, ...Array.from({ length: 0o37 }, (_, i) => i + 1)].filter(
  byte => byte !== 0o11 && byte !== 0o12,
)

/** A byte that is in none of these names and targets. */
function newlineFor(names: Iterable<string>): string {
  const used = new Set<string>()
  for (const name of names) for (const found of name.match(controls) ?? []) used.add(found)
  const free = candidates.map(byte => String.fromCharCode(byte)).find(char => !used.has(char))
  if (free === undefined) throw new NoSpareByteError()
  return free
}

function headerOf(newline: string): string {
  return `# clonedeploy 1 ${newline.charCodeAt(0).toString(8).padStart(3, '0')}`
}

/** The byte that a manifest's first line names; null when it is not such a line. */
export function newlineOf(header: string): string | null {
  const octal = /^# clonedeploy 1 ([0-7]{3})$/.exec(header)?.[1]
  const byte = Number.parseInt(octal ?? '0', 8)
  return candidates.includes(byte) ? String.fromCharCode(byte) : null
}

/** File names use every control byte there is, so that none is left to stand for a newline. */
export class NoSpareByteError extends PreflightError {
  override name = 'NoSpareByteError'
  constructor() {
    super('the file names in the artifact use all control bytes: none is left to write their manifest with', {
      details: ['file names with control bytes are nearly always a mistake of a build step'],
    })
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes in file names are what it looks for
const controls = /[\x01-\x1f]/g
