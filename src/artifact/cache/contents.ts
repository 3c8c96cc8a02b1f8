import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { entriesOf } from '../manifest/manifest.js'
import { tarEnd, tarHeader, tarPadding } from '../payload/tar.js'
import { zipped } from '../payload/zip.js'
import { type Frozen, offsetsOf } from './store.js'

/** Bytes by their sha256 (hex). */
export type Contents = ReadonlyMap<string, Uint8Array>

/** Of the wanted contents, those that an artifact has: its bytes are checked, for they may have been damaged. */
export function contentsOf(frozen: Frozen, wanted: ReadonlySet<string>): Contents {
  const { offsets } = offsetsOf(frozen.manifest)
  const found = new Map<string, Uint8Array>()
  const input = openSync(frozen.content, 'r')
  try {
    for (const entry of entriesOf(frozen.manifest)) {
      if (entry.kind !== 'file' || !wanted.has(entry.sha256) || found.has(entry.sha256)) continue
      const bytes = Buffer.alloc(entry.size)
      readSync(input, bytes, 0, entry.size, offsets.get(entry.sha256) ?? 0)
      if (isContent(bytes, entry.sha256)) found.set(entry.sha256, bytes)
    }
    return found
  } finally {
    closeSync(input)
  }
}

export function isContent(bytes: Uint8Array, sha256: string): boolean {
  return createHash('sha256').update(bytes).digest('hex') === sha256
}

/** A tar.gz of files that are named by their sha256. */
export function packContents(contents: Contents): Promise<Uint8Array> {
  return zipped(archive(contents), 'gzip')
}

async function* archive(contents: Contents): AsyncGenerator<Uint8Array> {
  for (const [path, bytes] of contents) {
    yield tarHeader({ kind: 'file', path, mode: '644', size: bytes.length })
    yield bytes
    yield tarPadding(bytes.length)
  }
  yield tarEnd()
}
