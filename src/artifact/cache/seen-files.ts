import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileEntry } from '../manifest/entry.js'
import { entriesOf } from '../manifest/manifest.js'
import type { Stamp, StampedFile } from '../select/disk-folder.js'
import { type Marks, marksIn, marksText } from '../suspect-files.js'
import { type Frozen, notesOf, recall } from './store.js'

/**
 * What the files of a folder were when they were frozen last. One that is still the same by its inode, size and times is
 * not read again, as git and rsync do it: its bytes come from what was frozen then.
 */
export interface Seen {
  readonly frozen: Frozen
  /** The sha256 of a file that was not written to since; null when it has to be read. */
  readonly sha256Of: (file: StampedFile) => string | null
  readonly marks: Marks
}

/**
 * Milliseconds between the last write to a file and its freezing, from which on a later write is sure to have given it another
 * time: file systems keep times in steps of up to two seconds.
 */
const settled = 2_000

/** Null when the folder was not frozen yet, or its artifact is no longer there. */
export function recallSeen(cacheDir: string, dir: string): Seen | null {
  const file = fileOf(cacheDir, dir)
  if (file === null) return null
  try {
    const [digest = '', at = '', marks = '', ...lines] = readFileSync(file, 'latin1').split('\n')
    const frozen = recall(cacheDir, digest)
    if (frozen === null) return null
    const files = entriesOf(frozen.manifest).filter(entry => entry.kind === 'file')
    const known = new Map(files.map((entry, i) => [entry.path, { entry, line: lines[i] }]))
    return {
      frozen,
      sha256Of: file => sha256Of(file, known.get(file.path), Number(at)),
      marks: marksIn(marks),
    }
  } catch {
    return null
  }
}

function sha256Of(
  { stamp, mode }: StampedFile,
  known: { readonly entry: FileEntry; readonly line: string | undefined } | undefined,
  at: number,
): string | null {
  if (known === undefined || known.entry.mode !== mode || known.line !== lineOf(stamp)) return null
  return Math.max(stamp.mtimeMs, stamp.ctimeMs) < at - settled ? known.entry.sha256 : null
}

/** `files` are those of the manifest, sorted as there; `at` is when the first of them was read, by the file system's clock (ms). */
export function rememberSeen(
  cacheDir: string,
  dir: string,
  frozen: Frozen,
  marks: Marks,
  files: readonly StampedFile[],
  at: number,
): void {
  const file = fileOf(cacheDir, dir)
  if (file === null) return
  const lines = [frozen.digest, String(at), marksText(marks), ...files.map(({ stamp }) => lineOf(stamp))]
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.${process.pid}`, lines.join('\n'), { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  } catch {
    // Then everything is read again next time.
  }
}

/** The digest that a file of these is about; empty where it cannot be read: another process may have renamed it just now. */
export function digestIn(file: string): string {
  try {
    return readFileSync(file, 'latin1').split('\n', 1)[0] as string
  } catch {
    return ''
  }
}

function lineOf({ ino, size, mtimeMs, ctimeMs }: Stamp): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
}

function fileOf(cacheDir: string, dir: string): string | null {
  const seen = notesOf(cacheDir, 'seen')
  return seen && join(seen, createHash('sha256').update(dir).digest('hex').slice(0, 32))
}
