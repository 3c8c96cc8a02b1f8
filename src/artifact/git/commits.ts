import { cacheDirOf } from '../source.js'
import { tryGit } from './git.js'
import { openRepository } from './repository.js'

export interface Commit {
  readonly id: string
  readonly subject: string
}

/**
 * What is in commit `to` and not in `from`, newest first, 1,000 at most; null when the repository does not know one of
 * them. `from` may be anything that a host holds.
 */
export async function commitsBetween(
  repository: string,
  root: string,
  from: string,
  to: string,
  cacheDir: string = cacheDirOf(root),
): Promise<readonly Commit[] | null> {
  if (![from, to].every(commit => /^[0-9a-f]{40}$/.test(commit))) return null
  const { path: cwd, bare } = await openRepository(repository, root, cacheDir)
  const range = ['--max-count=1000', '--format=%H %s', `${from}..${to}`, '--']
  const { ok, stdout } = await tryGit(['log', '--no-color', ...range], { cwd, bare })
  if (!ok) return null
  return stdout.split('\n').flatMap(line => (line === '' ? [] : [{ id: line.slice(0, 40), subject: line.slice(41) }]))
}
