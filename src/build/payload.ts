import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import type { Payload } from './artifact.js'
import { gzipOf } from './gzip.js'
import { type Difference, difference, type Entry, type FileEntry, type Manifest } from './manifest.js'
import { DamagedArtifactError } from './pack-errors.js'
import { type Pause, pauseOften } from './pause.js'
import { printable } from './printable.js'
import { type Frozen, forget, offsetsOf } from './store.js'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar.js'
import { byPath, parentsOf } from './tree.js'

/** Brings a host from `base` to the frozen artifact. Every file's bytes are checked against the manifest on the way. */
export async function payloadFrom(base: Manifest | null, frozen: Frozen): Promise<Payload> {
  const changes = difference(base, frozen.manifest)
  const input = openContent(frozen)
  try {
    return { data: await gzipOf(archive(changes, frozen, input)), files: changes.files.length }
  } finally {
    closeSync(input)
  }
}

async function* archive(changes: Difference, frozen: Frozen, input: number): AsyncGenerator<Uint8Array> {
  const { offsets } = offsetsOf(frozen.manifest)
  const pause = pauseOften()
  yield* textFile('removed', changes.removed)
  yield* textFile('added', changes.added)
  yield tarHeader({ kind: 'folder', path: 'tree' })
  for (const entry of withFolders(changes)) {
    yield tarHeader({ ...entry, path: `tree/${entry.path}` } satisfies TarEntry)
    if (entry.kind !== 'file') continue
    yield* contentOf(entry, frozen, input, offsets.get(entry.sha256) ?? 0, pause)
    yield tarPadding(entry.size)
  }
  yield tarEnd()
}

function* textFile(path: string, lines: readonly string[]): Generator<Uint8Array> {
  const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''), 'latin1')
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

async function* contentOf(file: FileEntry, frozen: Frozen, input: number, offset: number, pause: Pause) {
  const hash = createHash('sha256')
  for (let at = 0; at < file.size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(1 << 20, file.size - at))
    const got = readSync(input, chunk, 0, chunk.length, offset + at)
    if (got === 0) break
    hash.update(chunk.subarray(0, got))
    yield chunk.subarray(0, got)
    at += got
    await pause()
  }
  if (hash.digest('hex') === file.sha256) return
  forget(frozen.content)
  throw new DamagedArtifactError(`${printable(file.path)} is no longer the file that was packed`)
}

function openContent(frozen: Frozen): number {
  try {
    return openSync(frozen.content, 'r')
  } catch (cause) {
    throw new DamagedArtifactError(`${frozen.content} cannot be read: ${(cause as Error).message}`)
  }
}
