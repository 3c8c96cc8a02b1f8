import { openPacks } from '../cache/packs.js'
import type { Frozen } from '../cache/store.js'
import type { FileEntry } from './entry.js'
import { type Difference, entriesOf, type Manifest } from './manifest.js'

/** A file that differs from the one of the same name in one place: what is between the first `before` and the last `after` bytes of that one. */
export interface Edit {
  readonly file: FileEntry
  readonly before: number
  readonly after: number
  readonly between: Uint8Array
}

/** A host makes each of these with a few processes: below so many bytes it is not worth it, and not for so many files. */
const least = 2048
const most = 50
const largest = 256 << 20

/** The changed files that are made on the host from the base's, where the base is kept here too. Both are checked against their manifests. */
export function editsOf(changes: Difference, base: Frozen, next: Frozen): ReadonlyMap<string, Edit> {
  const pairs = changedFiles(changes, base.manifest)
  if (pairs.length === 0) return new Map()
  const [old, fresh] = [openPacks(base.packs), openPacks(next.packs)]
  try {
    const edits = pairs.flatMap(([from, to]) => {
      const [a, b] = [old.whole(from), fresh.whole(to)]
      return a === null || b === null ? [] : worthIt({ file: to, ...around(a, b) })
    })
    const chosen = edits.sort((x, y) => saved(y) - saved(x)).slice(0, most)
    return new Map(chosen.map(edit => [edit.file.path, edit]))
  } finally {
    old.close()
    fresh.close()
  }
}

function changedFiles({ files }: Difference, base: Manifest): readonly (readonly [FileEntry, FileEntry])[] {
  const before = new Map(
    entriesOf(base).flatMap(entry => (entry.kind === 'file' ? [[entry.path, entry] as const] : [])),
  )
  return files.flatMap(to => {
    const from = before.get(to.path)
    return from === undefined || Math.min(from.size, to.size) < least || Math.max(from.size, to.size) > largest
      ? []
      : [[from, to] as const]
  })
}

function worthIt(edit: Edit): readonly Edit[] {
  return saved(edit) >= least && saved(edit) >= edit.file.size / 2 ? [edit] : []
}

function saved({ before, after }: Edit): number {
  return before + after
}

function around(from: Buffer, to: Buffer): Pick<Edit, 'before' | 'after' | 'between'> {
  const shorter = Math.min(from.length, to.length)
  const before = common(shorter, (at, length) => from.compare(to, at, at + length, at, at + length) === 0)
  const after = common(shorter - before, (at, length) => {
    const [a, b] = [from.length - at - length, to.length - at - length]
    return from.compare(to, b, b + length, a, a + length) === 0
  })
  return { before, after, between: to.subarray(before, to.length - after) }
}

/** How many of `length` bytes are the same, counted from one end, by steps that get smaller. */
function common(length: number, same: (at: number, length: number) => boolean): number {
  let at = 0
  for (let step = 1 << 16; step >= 1; step = Math.floor(step / 16)) {
    while (at + step <= length && same(at, step)) at += step
  }
  return at
}
