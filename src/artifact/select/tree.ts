import type { Entry } from '../manifest/entry.js'
import { isPlainPath } from '../manifest/line.js'
import { ManifestError } from '../manifest/manifest-error.js'

/** The entries and every folder that one of them lies in, each path once. */
export function withParents(entries: readonly Entry[]): Entry[] {
  const all = new Map<string, Entry>()
  for (const entry of entries) {
    if (!isPlainPath(entry.path)) throw new Error(`not a path of a manifest: ${JSON.stringify(entry.path)}`)
    const known = all.get(entry.path)
    if (known && (known.kind !== 'folder' || entry.kind !== 'folder')) throw new Error(`${entry.path} is there twice`)
    all.set(entry.path, entry)
  }
  for (const { path } of entries) addParents(all, path)
  return [...all.values()]
}

/** Refuses a tree (sorted by path) that has a path twice, or one that lies in a link, in a file or in nothing. */
export function checkTree(sorted: readonly Entry[]): void {
  const folders = new Set([''])
  let last: string | null = null
  for (const { path, kind } of sorted) {
    if (path === last) throw new ManifestError('it names one path twice', null, path)
    if (!folders.has(parentOf(path))) throw new ManifestError('a path lies in no folder of it', null, path)
    if (kind === 'folder') folders.add(path)
    last = path
  }
}

/** Names compared as bytes: a folder comes before what is in it. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/** The folder that a path lies in; '' is the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Every folder above a path, nearest first, without the root. */
export function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) parents.push(parent)
  return parents
}

function addParents(all: Map<string, Entry>, path: string): void {
  for (const parent of parentsOf(path)) {
    const known = all.get(parent)
    if (known?.kind === 'folder') return
    if (known) throw new Error(`${path} lies in ${parent}, which is no folder`)
    all.set(parent, { kind: 'folder', path: parent })
  }
}
