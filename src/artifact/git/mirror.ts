import { PreflightError } from '../../errors.js'
import { GitFailedError, git, tryGit } from './git.js'
import type { Repository } from './repository.js'

/** Brings our copy of a remote repository up to date, and makes sure of `ref` when it is a commit that no branch has. */
export async function fetchMirror(
  repository: Repository,
  ref: string,
  signal?: AbortSignal | undefined,
): Promise<void> {
  const { path: cwd, bare, url } = repository
  const run = { cwd, bare, signal }
  const branches = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  const fetch = ['fetch', '--quiet', '--prune', '--force', '--no-tags', '--no-write-fetch-head', '--', url ?? '']
  const first = await tryGit([...fetch, ...branches], run)
  // Once more, because a deploy of another stage may hold the copy's locks just now.
  const again = first.ok ? first : await tryGit([...fetch, ...branches], run)
  if (!again.ok) throw unreachable(repository, again.errors)
  if (ref === 'HEAD') await followHead(repository, signal)
  if (/^[0-9a-f]{40}$/.test(ref) && !(await hasCommit(repository, ref)))
    await tryGit([...fetch.filter(word => word !== '--prune'), ref], run)
}

/** Throws unless our copy was fetched at some time: offline it stays as it was then. */
export async function demandFetched({ path: cwd, bare, shown }: Repository): Promise<void> {
  if ((await tryGit(['for-each-ref', '--count=1'], { cwd, bare })).stdout === '')
    throw new PreflightError(`${shown} was never fetched on this machine, and --offline fetches nothing`, {
      next: ['run it once without --offline'],
    })
}

export async function hasCommit(
  { path: cwd, bare }: Pick<Repository, 'path' | 'bare'>,
  commit: string,
): Promise<boolean> {
  return (await tryGit(['cat-file', '-e', `${commit}^{commit}`], { cwd, bare })).ok
}

async function followHead(
  { path: cwd, bare, url, shown }: Repository,
  signal?: AbortSignal | undefined,
): Promise<void> {
  const failure = `the default branch of ${shown} cannot be read`
  const answer = await git(['ls-remote', '--symref', '--', url ?? '', 'HEAD'], { cwd, bare, signal, failure })
  const branch = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(answer)?.[1]
  const commit = /^([0-9a-f]{40})\tHEAD$/m.exec(answer)?.[1]
  if (branch) await git(['symbolic-ref', 'HEAD', branch], { cwd, bare, failure })
  else if (commit) await git(['update-ref', '--no-deref', 'HEAD', commit], { cwd, bare, failure })
}

function unreachable({ shown, url }: Repository, errors: readonly string[]): GitFailedError {
  const told = errors.map(line => line.replaceAll(url ?? shown, shown))
  return new GitFailedError(`${shown} cannot be fetched`, told, [`try it by hand: git ls-remote ${shown}`])
}
