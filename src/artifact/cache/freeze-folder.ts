import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { FileChangedError } from '../artifact.js'
import type { FileEntry } from '../manifest/entry.js'
import { digestOf, type Manifest, manifestOf } from '../manifest/manifest.js'
import { type Pause, pauseOften } from '../pause-often.js'
import { onDisk } from '../printable-names.js'
import { type Stamp, type StampedFile, stampOf } from '../select/disk-folder.js'
import type { Found } from '../select/walk-tree.js'
import type { Marks } from '../suspect-files.js'
import { type PackWriter, small, startPack } from './pack-writer.js'
import { recallSeen, rememberSeen, type Seen } from './seen-files.js'
import type { Frozen } from './store.js'

/**
 * Reads every file that was found exactly once, hashes it and writes it to the cache. From here on the artifact is what
 * was read: the working tree does not matter any more. Of a folder that `stays`, a file that was not written to since it was
 * frozen last is neither read nor written (see seen-files.ts). Throws
 * FileChangedError and DamagedArtifactError.
 */
export async function freeze(
  root: string,
  found: Found<StampedFile>,
  cacheDir: string,
  stays: boolean,
  signal?: AbortSignal | undefined,
): Promise<{ readonly frozen: Frozen; readonly marks: Marks }> {
  const seen = stays ? recallSeen(cacheDir, root) : null
  const manifest = (files: readonly FileEntry[]) => manifestOf([...found.folders, ...found.links, ...files])
  const same = seen && asFrozen(seen, found.files, manifest)
  if (seen && same) return { frozen: same, marks: seen.marks }
  const pause = pauseOften(signal)
  const pack = startPack(cacheDir, seen?.frozen ?? null, root)
  try {
    const files = await copyAll(root, found.files, pack, seen, pause)
    for (const file of found.files) sameAsSeen(root, file)
    const frozen = await pack.keep(manifest(files), pause)
    const marks = new Map([...(seen?.marks ?? []), ...pack.marks])
    if (stays) rememberSeen(cacheDir, root, frozen, marks, found.files, pack.began)
    return { frozen, marks }
  } finally {
    pack.close()
  }
}

/** What was frozen last, when not a file has been written since, and nothing came or went. */
function asFrozen(
  { frozen, sha256Of }: Seen,
  files: readonly StampedFile[],
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
  files: readonly StampedFile[],
  pack: PackWriter,
  seen: Seen | null,
  pause: Pause,
): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = []
  for (const file of files) {
    entries.push(entryOf(file, seen?.sha256Of(file) ?? (await copy(root, file, pack, pause))))
    await pause()
  }
  return entries
}

function entryOf({ path, mode, stamp }: StampedFile, sha256: string): FileEntry {
  return { kind: 'file', path, mode, size: stamp.size, sha256 }
}

/** Copies one file; its sha256. */
async function copy(root: string, file: StampedFile, pack: PackWriter, pause: Pause): Promise<string> {
  const input = openSeen(root, file)
  try {
    const { size } = file.stamp
    const read = (bytes: Buffer, at = 0) => readAll(input, bytes, at)
    const sha256 = size <= small ? pack.small(size, read) : await pack.large(size, read, pause)
    if (sha256 === null || !same(stampOf(fstatSync(input)), file.stamp)) throw new FileChangedError(file.path)
    return sha256
  } finally {
    closeSync(input)
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
function openSeen(root: string, file: StampedFile): number {
  try {
    return openSync(onDisk(root, file.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw ['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR'].includes(code) ? new FileChangedError(file.path) : error
  }
}

function sameAsSeen(root: string, file: StampedFile): void {
  const stats = lstatSync(onDisk(root, file.path), { throwIfNoEntry: false })
  if (stats === undefined || !same(stampOf(stats), file.stamp)) throw new FileChangedError(file.path)
}

function same(a: Stamp, b: Stamp): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs
}
