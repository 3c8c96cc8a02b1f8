import { createHash, hash as hashOf } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { DamagedArtifactError, FileChangedError } from '../artifact.js'
import { type Pause, pauseOften } from '../event-loop.js'
import { type Mark, type Marks, markOf } from '../file-marks.js'
import type { FileEntry } from '../manifest/entry.js'
import { digestOf, type Manifest, manifestOf } from '../manifest/manifest.js'
import { onDisk } from '../printable-names.js'
import { type Found, type FoundFile, type Stamp, stampOf } from '../select/walk.js'
import { recallSeen, rememberSeen, type Seen } from './seen-files.js'
import { type Frozen, forget, keep, offsetsOf, unnamedContent } from './store.js'

/**
 * Reads every file that was found exactly once, hashes it and writes it to the cache. From here on the artifact is what
 * was read: the working tree does not matter any more. Of a folder that `stays`, a file that was not written to since it was
 * frozen last is not read (see seen.ts). Throws
 * FileChangedError and DamagedArtifactError.
 */
export async function freeze(
  root: string,
  found: Found,
  cacheDir: string,
  stays: boolean,
  signal?: AbortSignal | undefined,
): Promise<{ readonly frozen: Frozen; readonly marks: Marks }> {
  const seen = stays ? recallSeen(cacheDir, root) : null
  const manifest = (files: readonly FileEntry[]) => manifestOf([...found.folders, ...found.links, ...files])
  const same = seen && asFrozen(seen, found.files, manifest)
  if (seen && same) return { frozen: same, marks: seen.marks }
  const written = unnamedContent(cacheDir)
  const out = openSync(written, 'wx', 0o600)
  try {
    const began = fstatSync(out).mtimeMs
    const { files, marks } = await copyAll(root, found.files, out, seen, signal)
    for (const file of found.files) sameAsSeen(root, file)
    const frozen = keep(cacheDir, manifest(files), written)
    if (stays) rememberSeen(cacheDir, root, frozen, marks, found.files, began)
    return { frozen, marks }
  } finally {
    closeSync(out)
    rmSync(written, { force: true })
  }
}

/** What was frozen last, when not a file has been written since, and nothing came or went. */
function asFrozen(
  { frozen, sha256Of }: Seen,
  files: readonly FoundFile[],
  manifest: (files: readonly FileEntry[]) => Manifest,
): Frozen | null {
  const entries = files.flatMap(file => {
    const sha256 = sha256Of(file)
    return sha256 === null ? [] : [entryOf(file, sha256)]
  })
  return entries.length === files.length && digestOf(manifest(entries)) === frozen.digest ? frozen : null
}

async function copyAll(
  root: string,
  files: readonly FoundFile[],
  out: number,
  seen: Seen | null,
  signal?: AbortSignal | undefined,
) {
  const pause = pauseOften(signal)
  const content = contentOf(out, root)
  const before = seen && openFrozen(seen.frozen, content)
  try {
    const entries: FileEntry[] = []
    for (const file of files) {
      const known = seen?.sha256Of(file) ?? null
      if (known === null) await before?.flush(pause)
      else before?.take(known, file.stamp.size)
      entries.push(entryOf(file, known ?? (await copy(root, file, content, pause))))
      await pause()
    }
    await before?.flush(pause)
    content.end()
    return { files: entries, marks: new Map([...(seen?.marks ?? []), ...content.marks]) }
  } finally {
    before?.close()
  }
}

function entryOf({ path, mode, stamp }: FoundFile, sha256: string): FileEntry {
  return { kind: 'file', path, mode, size: stamp.size, sha256 }
}

/** Copies one file; its sha256. */
async function copy(root: string, file: FoundFile, content: Content, pause: Pause): Promise<string> {
  const input = openSeen(root, file)
  try {
    const { size } = file.stamp
    const sha256 = size <= small ? content.small(input, size) : await content.large(input, size, pause)
    if (sha256 === null || !same(stampOf(fstatSync(input)), file.stamp)) throw new FileChangedError(file.path)
    return sha256
  } finally {
    closeSync(input)
  }
}

/** Bytes up to which a file is read at once, and written together with others. */
const small = 1 << 20

type Content = ReturnType<typeof contentOf>

/** The content that is being written: each distinct one once. All sizes in bytes. */
function contentOf(out: number, root: string) {
  const buffer = Buffer.allocUnsafe(4 * small)
  const known = new Set<string>()
  const marks = new Map<string, Mark>()
  let filled = 0
  let end = 0
  const flush = () => {
    writeAll(out, buffer.subarray(0, filled), end)
    end += filled
    filled = 0
  }
  const isNew = (sha256: string) => known.size < known.add(sha256).size
  /** Room for so many bytes, which count once they are `filled`. */
  const room = (size: number) => {
    if (filled + size > buffer.length) flush()
    return buffer.subarray(filled, filled + size)
  }
  return {
    /** The sha256; null: the file has less bytes than it had. */
    small(input: number, size: number): string | null {
      const bytes = room(size)
      if (readAll(input, bytes, 0) < size) return null
      const sha256 = hashOf('sha256', bytes)
      if (isNew(sha256)) filled += size
      const mark = markOf(bytes, root)
      if (mark !== null) marks.set(sha256, mark)
      return sha256
    },
    async large(input: number, size: number, pause: Pause): Promise<string | null> {
      flush()
      const hash = createHash('sha256')
      for (let at = 0; at < size; ) {
        const chunk = buffer.subarray(0, Math.min(buffer.length, size - at))
        if (readAll(input, chunk, at) < chunk.length) return null
        hash.update(chunk)
        writeAll(out, chunk, end + at)
        at += chunk.length
        await pause()
      }
      const sha256 = hash.digest('hex')
      // A second copy of known content is overwritten by what comes next.
      if (isNew(sha256)) end += size
      return sha256
    },
    isNew,
    marks,
    /** False: there are not so many bytes. */
    async append(input: number, from: number, size: number, pause: Pause): Promise<boolean> {
      for (let done = 0; done < size; ) {
        const chunk = room(Math.min(small, size - done))
        if (readAll(input, chunk, from + done) < chunk.length) return false
        filled += chunk.length
        done += chunk.length
        await pause()
      }
      return true
    },
    end() {
      flush()
      ftruncateSync(out, end)
    },
  }
}

/** What was frozen last: of its content, what follows one another there and here is copied at once, by `flush`. */
function openFrozen(frozen: Frozen, content: Content) {
  const { offsets } = offsetsOf(frozen.manifest)
  const input = openSync(frozen.content, 'r')
  let waiting: { from: number; size: number }[] = []
  return {
    take(sha256: string, size: number): void {
      if (!content.isNew(sha256)) return
      const from = offsets.get(sha256) as number
      const last = waiting.at(-1)
      if (last !== undefined && last.from + last.size === from) last.size += size
      else waiting.push({ from, size })
    },
    async flush(pause: Pause): Promise<void> {
      for (const { from, size } of waiting) {
        if (await content.append(input, from, size, pause)) continue
        forget(frozen.content)
        throw new DamagedArtifactError(`${frozen.content} is shorter than it was`)
      }
      waiting = []
    },
    close: () => closeSync(input),
  }
}

function readAll(input: number, bytes: Buffer, from: number): number {
  let done = 0
  while (done < bytes.length) {
    const got = readSync(input, bytes, done, bytes.length - done, from + done)
    if (got === 0) break
    done += got
  }
  return done
}

/** Opens what the walk saw: a link or a fifo that took its place is not followed or waited for. */
function openSeen(root: string, file: FoundFile): number {
  try {
    return openSync(onDisk(root, file.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw ['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR'].includes(code) ? new FileChangedError(file.path) : error
  }
}

function sameAsSeen(root: string, file: FoundFile): void {
  const stats = lstatSync(onDisk(root, file.path), { throwIfNoEntry: false })
  if (stats === undefined || !same(stampOf(stats), file.stamp)) throw new FileChangedError(file.path)
}

function same(a: Stamp, b: Stamp): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs
}

function writeAll(out: number, chunk: Uint8Array, offset: number): void {
  for (let done = 0; done < chunk.length; ) {
    done += writeSync(out, chunk, done, chunk.length - done, offset + done)
  }
}
