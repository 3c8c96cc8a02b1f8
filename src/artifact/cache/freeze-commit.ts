import type { BlobFile } from '../git/commit-folder.js'
import { blobsOf } from '../git/objects.js'
import type { FileEntry } from '../manifest/entry.js'
import { entriesOf, manifestOf } from '../manifest/manifest.js'
import { pauseOften } from '../pause-often.js'
import type { Found } from '../select/walk-tree.js'
import type { Marks } from '../suspect-files.js'
import { small, startPack } from './pack-writer.js'
import type { Frozen } from './store.js'

/** What was frozen of another commit, and at which paths of this folder the two may differ. */
export interface Before {
  readonly frozen: Frozen
  readonly marks: Marks
  readonly changed: (path: string) => boolean
}

/** Reads from git the files that are not known from a commit before, hashes them and writes them to the cache. */
export async function freezeCommit(
  found: Found<BlobFile>,
  cacheDir: string,
  before: Before | null,
  run: Parameters<typeof blobsOf>[1],
): Promise<{ readonly frozen: Frozen; readonly marks: Marks }> {
  const pause = pauseOften(run.signal)
  const known = before === null ? () => null : knownIn(before)
  const fresh = found.files.filter(file => known(file) === null)
  const oids = [...new Set(fresh.map(({ oid }) => oid))]
  const read = new Map<string, Pick<FileEntry, 'size' | 'sha256'>>()
  const pack = startPack(cacheDir, before?.frozen ?? null, null)
  try {
    for await (const bytes of blobsOf(oids, run)) {
      const from = (chunk: Buffer, at = 0) => bytes.copy(chunk, 0, at)
      const { length: size } = bytes
      const sha256 = size <= small ? pack.small(size, from) : await pack.large(size, from, pause)
      read.set(oids[read.size] as string, { size, sha256: sha256 as string })
    }
    const files = found.files.map(file => known(file) ?? entryOf(file, read.get(file.oid) as FileEntry))
    const frozen = await pack.keep(manifestOf([...found.folders, ...found.links, ...files]), pause)
    return { frozen, marks: new Map([...(before?.marks ?? []), ...pack.marks]) }
  } finally {
    pack.close()
  }
}

function knownIn({ frozen, changed }: Before): (file: BlobFile) => FileEntry | null {
  const entries = new Map(
    entriesOf(frozen.manifest).flatMap(entry => (entry.kind === 'file' ? [[entry.path, entry] as const] : [])),
  )
  return ({ path, mode }) => {
    const entry = changed(path) ? undefined : entries.get(path)
    return entry?.mode === mode ? entry : null
  }
}

function entryOf({ path, mode }: BlobFile, { size, sha256 }: Pick<FileEntry, 'size' | 'sha256'>): FileEntry {
  return { kind: 'file', path, mode, size, sha256 }
}
