import { type Entry, isPlainPath, ManifestError } from '../manifest/entry.js'

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

/** Where a symbolic link of the artifact ends, followed as the kernel would, through the artifact's other links. */
type LinkEnd = 'inside' | 'missing' | 'outside'

interface Tree {
  readonly links: ReadonlyMap<string, string>
  readonly has: (path: string) => boolean
}

export function endOf(path: string, tree: Tree): LinkEnd {
  const target = tree.links.get(path) ?? ''
  return follow(parentOf(path), target, tree)
}

const mostLinks = 40

function follow(from: string, target: string, tree: Tree): LinkEnd {
  let at = from
  let missing = false
  let followed = 0
  const ahead = target.split('/').reverse()
  if (target.startsWith('/')) return 'outside'
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (at === '') return 'outside'
      at = parentOf(at)
      continue
    }
    at = at === '' ? name : `${at}/${name}`
    const next = tree.links.get(at)
    if (next === undefined) {
      missing ||= !tree.has(at)
    } else {
      if (++followed > mostLinks) return 'missing'
      if (next.startsWith('/')) return 'outside'
      at = parentOf(at)
      ahead.push(...next.split('/').reverse())
    }
  }
  return missing ? 'missing' : 'inside'
}
