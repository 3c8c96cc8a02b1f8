import { realpathSync } from 'node:fs'
import { relative } from 'node:path'
import { discover } from '../git/discover.js'
import { ForeignRepositoryError, refuseForeign } from '../git/foreign.js'
import { tryGit } from '../git/git.js'

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
