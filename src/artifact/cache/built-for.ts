import { builtFor } from '../binary-head.js'
import { entriesOf } from '../manifest/manifest.js'
import type { Marks } from '../suspect-files.js'
import { openPacks } from './packs.js'
import type { Frozen } from './store.js'

/** Reads an artifact's files: what each was built for, or null where the bytes of one are not what its manifest says. */
export function marksOfWhole({ manifest, packs }: Frozen): Marks | null {
  const marks = new Map()
  const reader = openPacks(packs)
  try {
    for (const entry of entriesOf(manifest)) {
      if (entry.kind !== 'file') continue
      const bytes = reader.whole(entry)
      if (bytes === null) return null
      const built = builtFor((at, length) => bytes.subarray(at, at + length))
      if (built !== null) marks.set(entry.sha256, built)
    }
    return marks
  } finally {
    reader.close()
  }
}
