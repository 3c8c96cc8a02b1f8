import { isPointer } from './git/lfs.js'
import { entriesOf, type Manifest } from './manifest/manifest.js'
import { holdsPrivateKey } from './select/private-key.js'

/** Of a file that should not go out unnoticed: it holds a private key, or it is a pointer of Git LFS. */
export type Mark = 'key' | 'pointer'

/** By sha256. */
export type Marks = ReadonlyMap<string, Mark>

export function markOf(bytes: Buffer): Mark | null {
  if (isPointer(bytes)) return 'pointer'
  return holdsPrivateKey(bytes) ? 'key' : null
}

/** The paths of the files that have each mark. */
export function markedIn(manifest: Manifest, marks: Marks): Readonly<Record<Mark, readonly string[]>> {
  const files = marks.size === 0 ? [] : entriesOf(manifest).filter(entry => entry.kind === 'file')
  const having = (mark: Mark) => files.filter(({ sha256 }) => marks.get(sha256) === mark).map(({ path }) => path)
  return { key: having('key'), pointer: having('pointer') }
}
