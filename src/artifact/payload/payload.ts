import { createHash } from 'node:crypto'
import { writableExpression } from '../../release/shared.js'
import { many, type Zip } from '../../scripts/prepare/check-arrival.js'
import type { Needs } from '../../state/preflight.js'
import { DamagedArtifactError, type Payload } from '../artifact.js'
import { openPacks } from '../cache/packs.js'
import { type Frozen, forget, recallBeside } from '../cache/store.js'
import { type Edit, editsOf } from '../manifest/delta.js'
import { type Entry, entryOf, type FileEntry } from '../manifest/entry.js'
import { type Difference, difference, digestOf, entriesOf, type Manifest, newlineOf } from '../manifest/manifest.js'
import { type Pause, pauseOften } from '../pause-often.js'
import { printable } from '../printable-names.js'
import { byPath, parentsOf } from '../select/tree.js'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar.js'
import { zipped } from './zip.js'

/** So many files are named to the programs that read them again, instead of by way of xargs. */
const FEW = 50

interface Wish {
  /** Of what arrives, in seconds. */
  readonly time: number
  readonly zipOfMany: Zip
  /** What no host may take from its base, where the app may have written into it. */
  readonly writable: readonly string[]
}

/** Everything that is sent: what differs from the base, and `again` what may not be taken from there. */
interface Sent extends Difference {
  readonly again: readonly string[]
  /** Both, in the order of the manifest. */
  readonly lines: readonly string[]
}

/** Brings a host from `base` to the frozen artifact. Every file's bytes are checked against the manifest on the way. */
export async function payloadFrom(
  base: Manifest | null,
  frozen: Frozen,
  { time, zipOfMany, writable }: Wish,
): Promise<Payload> {
  const isWritable = writableTest(writable)
  const sent = sentFor(base, frozen.manifest, isWritable)
  const kept = base === null ? null : recallBeside(frozen, digestOf(base))
  const editable = { ...sent, files: sent.files.filter(({ path }) => !isWritable(path)) }
  const edits = kept === null ? new Map<string, Edit>() : editsOf(editable, kept, frozen)
  const reader = openPacks(frozen.packs)
  try {
    const amount = amountOf(sent)
    const zip = amount.bytes > many ? zipOfMany : 'gzip'
    const data = await zipped(archive(sent, edits, frozen, reader, time), zip)
    const names = amount.bytes > many ? null : namesOf(sent)
    const { entries, folders } = sizeOf(frozen.manifest)
    return { data, zip, ...amount, names, entries, unlinked: amount.files + folders, sum: sumOf(sent, names) }
  } finally {
    reader.close()
  }
}

function sentFor(base: Manifest | null, next: Manifest, isWritable: (path: string) => boolean): Sent {
  const changes = difference(base, next)
  const added = new Set(changes.added)
  const newline = newlineOf(next.lines[0] ?? '') ?? ''
  const again = base === null ? [] : next.lines.filter(line => !added.has(line) && mayDiffer(line, newline, isWritable))
  if (again.length === 0) return { ...changes, again, lines: changes.added }
  for (const line of again) added.add(line)
  const lines = next.lines.filter(line => added.has(line))
  const [header = ''] = next.lines
  const { files, links, folders } = difference(null, { lines: [header, ...lines.filter(line => line !== header)] })
  return { ...changes, files, links, folders, again, lines }
}

/** What a host writes that takes what did not change from its base as hard links; from none, everything. */
export function writtenFor(base: Manifest | null, next: Manifest, writable: readonly string[]): Needs {
  const { files, bytes, links } = amountOf(sentFor(base, next, writableTest(writable)))
  const { entries, folders } = sizeOf(next)
  return { bytes, entries, inodes: files + links + folders }
}

function sizeOf(manifest: Manifest) {
  const entries = entriesOf(manifest)
  return { entries: entries.length, folders: entries.filter(({ kind }) => kind === 'folder').length }
}

function mayDiffer(line: string, newline: string, isWritable: (path: string) => boolean): boolean {
  const entry = entryOf(line, newline)
  return entry !== null && entry.kind !== 'folder' && isWritable(entry.path)
}

/** Paths are latin1 names here, patterns are not. */
function writableTest(patterns: readonly string[]): (path: string) => boolean {
  const expression = writableExpression(patterns.map(text => Buffer.from(text).toString('latin1')))
  if (expression === null) return () => false
  const whole = new RegExp(`^${expression}$`)
  return path => whole.test(path)
}

function amountOf({ files, links, folders }: Difference) {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return { files: files.length, bytes, links: links.length, folders: folders.length }
}

/** Paths of a few files, in the order of the manifest, that every sha256sum prints as they are; null: there are others. */
function namesOf({ files, lines }: Sent): readonly string[] | null {
  if (files.length > FEW || files.some(({ path }) => !/^[ -[\]-~]+$/.test(path))) return null
  return lines.filter(line => line.startsWith('f ')).map(line => `./${line.split(' ').slice(4).join(' ')}`)
}

/** Over lines in the order of the manifest: of every file `MODE SIZE` as stat prints it, of every file its sha256 (as sha256sum prints it, with its name, where `names` are known), of every link its target. */
function sumOf({ lines }: Sent, names: readonly string[] | null): string {
  const files = lines.flatMap(line => {
    const [kind, mode, size, sha256] = line.split(' ', 4)
    return kind === 'f' ? [{ mode: mode === '755' ? '81ed' : '81a4', size, sha256 }] : []
  })
  const targets = lines.filter(line => line.startsWith('l ')).map(line => line.slice(2, line.lastIndexOf('//')))
  const sums = files.map(({ sha256 = '' }, i) => (names === null ? sha256 : `${sha256}  ${names[i]}`))
  const parts = [...files.map(({ mode, size }) => `${mode} ${size}`), ...sums, ...targets]
  return createHash('sha256')
    .update(Buffer.from(linesOf(parts), 'latin1'))
    .digest('hex')
}

async function* archive(
  sent: Sent,
  edits: ReadonlyMap<string, Edit>,
  frozen: Frozen,
  reader: Reader,
  time: number,
): AsyncGenerator<Uint8Array> {
  const pause = pauseOften()
  const newline = newlineOf(frozen.manifest.lines[0] ?? '') ?? ''
  const arrives = pathsIn(sent.lines, newline)
  yield* textFile('removed', linesOf(sent.removed))
  yield* textFile('added', linesOf(sent.added))
  yield* textFile('again', linesOf(sent.again))
  yield* textFile('files', listOf(arrives.f))
  yield* textFile('links', listOf(arrives.l))
  yield* textFile('folders', listOf(arrives.d))
  yield* textFile('edits', [...edits.values()].map(recordOf).join(''))
  yield tarHeader({ kind: 'folder', path: 'edit' })
  for (const [i, { between }] of [...edits.values()].entries()) yield* tarFile(`edit/${i}`, between)
  yield tarHeader({ kind: 'folder', path: 'own' })
  yield tarHeader({ kind: 'folder', path: 'tree' })
  for (const entry of withFolders(sent)) {
    if (edits.has(entry.path)) continue
    yield tarHeader({ ...entry, path: `tree/${entry.path}` } satisfies TarEntry, time)
    if (entry.kind !== 'file') continue
    yield* contentOf(entry, frozen, reader, pause)
    yield tarPadding(entry.size)
  }
  yield tarEnd()
}

function linesOf(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

/** For xargs: `./` keeps a name from being read as an option, or as the standard input. */
function listOf(paths: readonly string[]): string {
  return paths.map(path => `./${path}\0`).join('')
}

/** Paths by the kind of their line (file, link, directory), in the order of the lines. */
function pathsIn(lines: readonly string[], newline: string) {
  const found = { f: [] as string[], l: [] as string[], d: [] as string[] }
  for (const line of lines) {
    const entry = entryOf(line, newline)
    if (entry !== null) found[line[0] as keyof typeof found].push(entry.path)
  }
  return found
}

/** Five words for xargs: `edit/N` has what goes between so many bytes from the beginning and from the end of the base's file. */
function recordOf({ file, before, after }: Edit, i: number): string {
  return [i, before, after, file.mode, `./${file.path}`].map(word => `${word}\0`).join('')
}

function textFile(path: string, text: string): Generator<Uint8Array> {
  return tarFile(path, Buffer.from(text, 'latin1'))
}

function* tarFile(path: string, bytes: Uint8Array): Generator<Uint8Array> {
  yield tarHeader({ kind: 'file', path, mode: '644', size: bytes.length })
  yield bytes
  yield tarPadding(bytes.length)
}

/** What is sent, sorted by path; also folders that the host has, or its tar would make them up with a mode of its own. */
function withFolders({ files, links, folders }: Difference): Entry[] {
  const entries: Entry[] = [...files, ...links, ...folders]
  const needed = new Set(entries.flatMap(entry => parentsOf(entry.path)))
  for (const folder of folders) needed.delete(folder.path)
  return [...entries, ...[...needed].map(path => ({ kind: 'folder', path }) as const)].sort(byPath)
}

type Reader = ReturnType<typeof openPacks>

async function* contentOf(file: FileEntry, frozen: Frozen, reader: Reader, pause: Pause) {
  const hash = createHash('sha256')
  for (let at = 0; at < file.size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(1 << 20, file.size - at))
    const got = readSome(file, at, chunk, reader)
    if (got === 0) break
    hash.update(chunk.subarray(0, got))
    yield chunk.subarray(0, got)
    at += got
    await pause()
  }
  if (hash.digest('hex') === file.sha256) return
  forget(frozen, file.sha256)
  throw new DamagedArtifactError(`${printable(file.path)} is no longer the file that was packed`)
}

/** How many bytes were read: none where they are nowhere. */
function readSome({ sha256 }: FileEntry, at: number, chunk: Buffer, reader: Reader): number {
  try {
    return reader.read(sha256, chunk, at)
  } catch (cause) {
    throw new DamagedArtifactError(`the frozen bytes cannot be read: ${(cause as Error).message}`)
  }
}
