import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { relative } from 'node:path'
import { discover } from '../git/discover.js'
import { tryGit } from '../git/git.js'
import { ForeignRepositoryError, refuseForeign } from '../git/repository.js'
import { onDisk, rawName } from '../printable-names.js'
import type { PathTest } from './deployignore.js'

/**
 * The paths (latin1 names, below `top`) that git tracks of the working tree that a folder lies in. `specs` makes the
 * pathspecs, from where the folder lies in it. None where git may not run, or cannot.
 */
export async function trackedIn(
  dir: string,
  project: string,
  specs: (at: string) => readonly string[],
): Promise<{ readonly top: string; readonly paths: readonly string[] }> {
  const found = mayRunGit(dir, project) ? discover(dir) : null
  if (found?.kind !== 'worktree') return { top: realpathSync(dir), paths: [] }
  const list = ['ls-files', '-z', '--recurse-submodules', '--', ...specs(relative(found.top, realpathSync(dir)))]
  const { ok, stdout } = await tryGit(list, { cwd: found.top, encoding: 'latin1' })
  return { top: found.top, paths: ok ? stdout.split('\0').slice(0, -1) : [] }
}

function mayRunGit(dir: string, project: string): boolean {
  try {
    refuseForeign(dir, project)
    return true
  } catch (error) {
    if (error instanceof ForeignRepositoryError) return false
    throw error
  }
}

/** `.env`, `.env.production`, `.envrc`: often they hold secrets of the machine that they lie on. An example holds none. */
export function isEnvFile(name: string): boolean {
  return /^\.env(rc)?(\..*)?$/i.test(name) && !/\.(example|sample|template|dist|defaults)$/i.test(name)
}

/**
 * Which env files of a folder are no secret of this machine: those that git tracks, copies of these (a build may have made
 * them), and folders that hold one. None where git may not run, or cannot: in no repository, or one that came as files of
 * the project.
 */
export async function trackedEnvFiles(dir: string, project: string): Promise<PathTest> {
  const { top, paths } = await trackedIn(dir, project, () => [':(icase,glob)**/.env*'])
  const at = rawName(relative(top, realpathSync(dir)))
  const known = new Set(paths.map(path => relative(at, path)))
  const contents = new Set(paths.map(path => contentOf(top, path)).filter(content => content !== ''))
  return (path, isFolder) =>
    isFolder
      ? [...known].some(each => each.startsWith(`${path}/`))
      : known.has(path) || contents.has(contentOf(dir, path))
}

/** '' where it is no file, or none that anybody wrote by hand. */
function contentOf(folder: string, path: string): string {
  const stats = lstatSync(onDisk(folder, path), { throwIfNoEntry: false })
  return stats?.isFile() && stats.size < 1 << 20 ? readFileSync(onDisk(folder, path), 'latin1') : ''
}
