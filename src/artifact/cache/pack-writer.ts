import { createHash, hash as hashOf } from 'node:crypto'
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { DamagedArtifactError } from '../artifact.js'
import { builtFor } from '../binary-head.js'
import { entriesOf, type Manifest } from '../manifest/manifest.js'
import type { Pause } from '../pause-often.js'
import { type Mark, markOf } from '../suspect-files.js'
import { openPacks, type Pack, placeIn } from './packs.js'
import { type Frozen, keep, keepPack, unnamedContent } from './store.js'

/** Bytes up to which a file is read at once, and written together with others. */
export const small = 1 << 20

export type PackWriter = ReturnType<typeof startPack>

/**
 * Writes the contents of an artifact that the one before does not have, each distinct one once. `root` is the folder that they come
 * from. All sizes are in bytes.
 */
export function startPack(cacheDir: string, before: Frozen | null, root: string | null) {
  const written = unnamedContent(cacheDir)
  const out = openSync(written, 'wx', 0o600)
  const buffer = Buffer.allocUnsafe(4 * small)
  const known = new Set(before === null ? [] : sumsIn(before.manifest))
  const index: { readonly sha256: string; readonly size: number }[] = []
  const marks = new Map<string, Mark>()
  let filled = 0
  let end = 0
  const flush = () => {
    writeAll(out, buffer.subarray(0, filled), end)
    end += filled
    filled = 0
  }
  /** Room for so many bytes, which count once they are `filled`. */
  const room = (size: number) => {
    if (filled + size > buffer.length) flush()
    return buffer.subarray(filled, filled + size)
  }
  const isNew = (sha256: string, size: number) => {
    if (known.has(sha256)) return false
    known.add(sha256)
    index.push({ sha256, size })
    return true
  }
  return {
    /** When it was begun, by the clock of its file system (ms). */
    began: fstatSync(out).mtimeMs,
    marks,
    /** A file up to `small`, as `read` fills it in: its sha256; null: it had fewer bytes. */
    small(size: number, read: (bytes: Buffer) => number): string | null {
      const bytes = room(size)
      if (read(bytes) < size) return null
      const sha256 = hashOf('sha256', bytes)
      if (isNew(sha256, size)) filled += size
      const mark = markOf(bytes, root)
      if (mark !== null) marks.set(sha256, mark)
      return sha256
    },
    /** A larger one, piece by piece. */
    async large(size: number, read: (bytes: Buffer, at: number) => number, pause: Pause): Promise<string | null> {
      flush()
      const hash = createHash('sha256')
      for (let at = 0; at < size; ) {
        const chunk = buffer.subarray(0, Math.min(buffer.length, size - at))
        if (read(chunk, at) < chunk.length) return null
        hash.update(chunk)
        writeAll(out, chunk, end + at)
        at += chunk.length
        await pause()
      }
      const sha256 = hash.digest('hex')
      const mark = builtFor((from, length) => piece(read, from, Math.min(length, size - from)))
      if (mark !== null) marks.set(sha256, mark)
      // A second copy of known content is overwritten by what comes next.
      if (isNew(sha256, size)) end += size
      return sha256
    },
    /** Keeps the artifact with what was written, and with what it takes over of the one before. */
    async keep(manifest: Manifest, pause: Pause): Promise<Frozen> {
      const { stay, absorbed } = before === null ? { stay: [], absorbed: [] } : apart(before.packs)
      if (absorbed.length > 0) await absorb(manifest, absorbed, new Set(index.map(({ sha256 }) => sha256)), pause)
      flush()
      ftruncateSync(out, end)
      return keep(cacheDir, manifest, index.length === 0 ? stay : [keepPack(cacheDir, index, written), ...stay])
    },
    close() {
      closeSync(out)
      rmSync(written, { force: true })
    },
  }

  /** Copies what of these packs is still of use. */
  async function absorb(manifest: Manifest, packs: readonly Pack[], own: Set<string>, pause: Pause): Promise<void> {
    const reader = openPacks(packs)
    try {
      for (const entry of entriesOf(manifest)) {
        const place = entry.kind !== 'file' || own.has(entry.sha256) ? null : placeIn(packs, entry.sha256)
        if (place === null || entry.kind !== 'file') continue
        own.add(entry.sha256)
        for (let at = 0; at < entry.size; ) {
          const chunk = room(Math.min(small, entry.size - at))
          if (reader.read(entry.sha256, chunk, at) < chunk.length)
            throw new DamagedArtifactError(`${place.pack.content} is cut`)
          filled += chunk.length
          at += chunk.length
          await pause()
        }
        index.push({ sha256: entry.sha256, size: entry.size })
      }
    } finally {
      reader.close()
    }
  }
}

function piece(read: (bytes: Buffer, at: number) => number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, length))
  return bytes.subarray(0, read(bytes, at))
}

/** How many packs an artifact may have: each has a list to read. */
const mostPacks = 12

/** The packs that a new artifact goes on using, and those whose contents are written together with its own. */
function apart(packs: readonly Pack[]): { readonly stay: readonly Pack[]; readonly absorbed: readonly Pack[] } {
  if (packs.length < mostPacks) return { stay: packs, absorbed: [] }
  const [first, later] = [packs.slice(-1), packs.slice(0, -1)]
  const isMost = (first[0]?.size ?? 0) > 2 * later.reduce((sum, { size }) => sum + size, 0)
  return isMost ? { stay: first, absorbed: later } : { stay: [], absorbed: packs }
}

function sumsIn(manifest: Manifest): readonly string[] {
  return entriesOf(manifest).flatMap(entry => (entry.kind === 'file' ? [entry.sha256] : []))
}

function writeAll(out: number, chunk: Uint8Array, offset: number): void {
  for (let done = 0; done < chunk.length; ) {
    done += writeSync(out, chunk, done, chunk.length - done, offset + done)
  }
}
