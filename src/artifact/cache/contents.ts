import { createHash } from 'node:crypto'
import { entriesOf } from '../manifest/manifest.js'
import { tarEnd, tarHeader, tarPadding } from '../payload/tar.js'
import { zipped } from '../payload/zip.js'
import { openPacks } from './packs.js'
import type { Frozen } from './store.js'

/** Bytes by their sha256 (hex). */
export type Contents = ReadonlyMap<string, Uint8Array>

/** Of the wanted contents, those that an artifact has: its bytes are checked, for they may have been damaged. */
export function contentsOf({ manifest, packs }: Frozen, wanted: ReadonlySet<string>): Contents {
  const found = new Map<string, Uint8Array>()
  const reader = openPacks(packs)
  try {
    for (const entry of entriesOf(manifest)) {
      if (entry.kind !== 'file' || !wanted.has(entry.sha256) || found.has(entry.sha256)) continue
      const bytes = reader.whole(entry)
      if (bytes !== null) found.set(entry.sha256, bytes)
    }
    return found
  } finally {
    reader.close()
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
