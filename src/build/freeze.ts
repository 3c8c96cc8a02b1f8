import { createHash } from 'node:crypto'
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
import { type FileEntry, manifestOf } from './manifest.js'
import { FileChangedError } from './pack-errors.js'
import { type Pause, pauseOften } from './pause.js'
import { type Frozen, keep, unnamedContent } from './store.js'
import { type Found, type FoundFile, onDisk, type Stamp, stampOf } from './walk.js'

/**
 * Reads every file that was found exactly once, hashes it and writes it to the cache. From here on the artifact is what
 * was read: the working tree does not matter any more. Throws FileChangedError.
 */
export async function freeze(
  root: string,
  found: Found,
  cacheDir: string,
  signal?: AbortSignal | undefined,
): Promise<Frozen> {
  const written = unnamedContent(cacheDir)
  const out = openSync(written, 'wx', 0o600)
  try {
    const files = await copyAll(root, found.files, out, signal)
    for (const file of found.files) sameAsSeen(root, file)
    return keep(cacheDir, manifestOf([...found.folders, ...found.links, ...files]), written)
  } finally {
    closeSync(out)
    rmSync(written, { force: true })
  }
}

async function copyAll(root: string, files: readonly FoundFile[], out: number, signal?: AbortSignal | undefined) {
  const pause = pauseOften(signal)
  const buffer = Buffer.allocUnsafe(1 << 20)
  const entries: FileEntry[] = []
  const known = new Set<string>()
  let end = 0
  for (const file of files) {
    const entry = await copy(root, file, out, end, buffer, pause)
    entries.push(entry)
    if (!known.has(entry.sha256)) end += entry.size
    known.add(entry.sha256)
  }
  ftruncateSync(out, end)
  return entries
}

/** Copies one file to `offset`. A second copy of known content is overwritten by the next file. */
async function copy(root: string, file: FoundFile, out: number, offset: number, buffer: Buffer, pause: Pause) {
  const input = openSeen(root, file)
  try {
    const hash = createHash('sha256')
    let size = 0
    for (let got = readSync(input, buffer); got > 0; got = readSync(input, buffer)) {
      const chunk = buffer.subarray(0, got)
      hash.update(chunk)
      writeAll(out, chunk, offset + size)
      size += got
      if (size > file.stamp.size) throw new FileChangedError(file.path)
      await pause()
    }
    const after = stampOf(fstatSync(input, { bigint: true }))
    if (!same(after, file.stamp) || BigInt(size) !== after.size) throw new FileChangedError(file.path)
    const { path, mode } = file
    return { kind: 'file', path, mode, size, sha256: hash.digest('hex') } satisfies FileEntry
  } finally {
    closeSync(input)
  }
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
  const stats = lstatSync(onDisk(root, file.path), { bigint: true, throwIfNoEntry: false })
  if (stats === undefined || !same(stampOf(stats), file.stamp)) throw new FileChangedError(file.path)
}

function same(a: Stamp, b: Stamp): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs
}

function writeAll(out: number, chunk: Uint8Array, offset: number): void {
  for (let done = 0; done < chunk.length; ) {
    done += writeSync(out, chunk, done, chunk.length - done, offset + done)
  }
}
