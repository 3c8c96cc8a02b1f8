import { parentOf } from './tree.js'

/** Where a symbolic link of the artifact ends, followed as the kernel would, through the artifact's other links. */
export type LinkEnd = 'inside' | 'missing' | 'outside'

export interface Tree {
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
