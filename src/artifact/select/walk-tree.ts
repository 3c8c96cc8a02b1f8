import type { LinkEntry } from '../manifest/entry.js'
import { pauseOften } from '../pause-often.js'
import type { Judge, Verdict } from './path-rules.js'
import { byPath } from './tree.js'

/** What a walk found, sorted by path. Links are never followed. */
export interface Found<File extends FoundFile = FoundFile> {
  readonly files: readonly File[]
  readonly links: readonly LinkEntry[]
  readonly folders: readonly { readonly kind: 'folder'; readonly path: string }[]
  /** Sockets, fifos and devices: what they are, by path. */
  readonly special: readonly { readonly path: string; readonly what: string }[]
  /** What was asked for and yet left out: the topmost path of each. */
  readonly leftOut: readonly { readonly path: string; readonly why: Verdict }[]
}

export interface FoundFile {
  readonly kind: 'file'
  readonly path: string
  readonly mode: '644' | '755'
}

/** What lies at one path. */
export type Item<File extends FoundFile = FoundFile> =
  | File
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string }
  | { readonly kind: 'special'; readonly path: string; readonly what: string }

/** The same, before it is known where its links point. */
export type Walked<File extends FoundFile> = Omit<Found<File>, 'links'> & {
  readonly links: readonly { readonly kind: 'link'; readonly path: string }[]
}

/** Goes through a tree (names as latin1) by what `list` gives of each folder in it ('': its root), asking `judge` about every path. Other work gets its turn meanwhile. */
export async function walk<File extends FoundFile>(
  list: (folder: string) => Iterable<Item<File>>,
  judge: Judge,
  signal?: AbortSignal | undefined,
): Promise<Walked<File>> {
  const found = { files: [], links: [], folders: [], special: [], leftOut: [] } as Collecting<File>
  const open = ['']
  const pause = pauseOften(signal)
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const item of list(folder)) if (sort(item, judge, found)) open.push(item.path)
    await pause()
  }
  for (const paths of Object.values(found)) paths.sort(byPath)
  return found
}

type Collecting<File extends FoundFile> = {
  -readonly [list in keyof Walked<File>]: Walked<File>[list][number][]
}

/** Puts one path where it belongs. True: a folder to go into. */
function sort<File extends FoundFile>(item: Item<File>, judge: Judge, found: Collecting<File>): boolean {
  const { path } = item
  const verdict = judge(path, item.kind === 'folder')
  if (verdict === 'through') return true
  if (verdict !== 'in') {
    if (verdict !== 'unlisted' && verdict !== 'ours') found.leftOut.push({ path, why: verdict })
    return false
  }
  switch (item.kind) {
    case 'file':
      found.files.push(item)
      return false
    case 'link':
      found.links.push(item)
      return false
    case 'special':
      found.special.push(item)
      return false
    case 'folder':
      found.folders.push(item)
      return true
  }
}
