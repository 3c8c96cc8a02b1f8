import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'

/** A repository as its files tell it, before any git runs there: its settings can name programs that git would start. */
export type Discovered =
  | { readonly kind: 'worktree'; readonly top: string; readonly gitFolder: string }
  /** The folder is a git directory itself: anybody's checkout can hold one, for its files have ordinary names. */
  | { readonly kind: 'bare'; readonly top: string }

/** The repository that git would find from an existing folder: in it, or in the nearest one above that is or has one. */
export function discover(folder: string): Discovered | null {
  const all = upwards(realpathSync(folder))
  for (const top of all) {
    if (existsSync(join(top, '.git'))) return { kind: 'worktree', top, gitFolder: gitFolderOf(top) }
    if (isGitDirectory(top)) return { kind: 'bare', top }
  }
  return null
}

/** The working tree that a folder lies in, whatever in it looks like a repository. */
export function worktreeOf(folder: string): Extract<Discovered, { kind: 'worktree' }> | null {
  const top = upwards(realpathSync(folder)).find(one => existsSync(join(one, '.git')))
  return top === undefined ? null : { kind: 'worktree', top, gitFolder: gitFolderOf(top) }
}

/** Both are real paths. */
export function isWithin(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)
}

function upwards(folder: string): readonly string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...upwards(above)]
}

/** As git decides it, or more readily. */
function isGitDirectory(folder: string): boolean {
  const has = (name: string) => existsSync(join(folder, name))
  return has('HEAD') && ((has('objects') && has('refs')) || has('commondir'))
}

/** In a second working tree and in a submodule, `.git` is a file that says where the repository is. */
function gitFolderOf(top: string): string {
  const path = join(top, '.git')
  const told = statSync(path).isFile() ? /^gitdir: (.+?)\n*$/.exec(readFileSync(path, 'utf8'))?.[1] : undefined
  const folder = told === undefined ? path : resolve(top, told)
  return existsSync(folder) ? realpathSync(folder) : folder
}
