import { isPlainPath } from '../manifest/entry.js'
import { type TreeEntry, UnusualError } from './objects.js'

/**
 * Throws an UnusualError where a checkout may not have every entry as the tree names it: submodules, names that git refuses or that a file
 * system may take for others.
 */
export function refuseUnusual(entries: readonly TreeEntry[], submodules: boolean | null): void {
  const odd = entries.find(entry => !isOrdinary(entry, submodules))
  if (odd !== undefined) throw new UnusualError(odd.path)
  const names = new Set(entries.map(({ path }) => path.toLowerCase()))
  if (names.size < entries.length) throw new UnusualError('names that differ only in their case')
}

export function isFile({ mode }: TreeEntry): boolean {
  return mode.startsWith('100')
}

export function isLink({ mode }: TreeEntry): boolean {
  return mode === '120000'
}

/** An empty folder stands for a submodule that is not wanted. */
export function isFolder({ mode }: TreeEntry): boolean {
  return mode === '040000' || mode === '160000'
}

function isOrdinary(entry: TreeEntry, submodules: boolean | null): boolean {
  const { mode, path } = entry
  if (mode === '160000' ? submodules !== false : !(isFile(entry) || isLink(entry) || isFolder(entry))) return false
  const names = path.split('/')
  if (isLink(entry) && names.at(-1)?.startsWith('.git')) return false
  return isPlainPath(path) && path.length < 2048 && names.every(isOrdinaryName)
}

function isOrdinaryName(name: string): boolean {
  const seen = name.replace(/[^\x20-\x7e]/g, '')
  if (/^\.git(?![\w-])|^git~|[\\:]/i.test(seen)) return false
  return name.length <= 255 && (seen === name || process.platform === 'linux')
}
