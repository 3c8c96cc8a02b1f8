import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from '../config/config.js'
import type { Revision } from './artifact.js'
import { git } from './git/git.js'
import { demandFetched, fetchMirror } from './git/mirror.js'
import { commitOf } from './git/ref.js'
import { openOnce, type Repository } from './git/repository.js'

/**
 * Resolves the source's ref, once: what is built and deployed afterwards is this commit, whatever happens to the branch.
 * null for a folder. Throws a PreflightError that says what is wrong with the repository or the ref.
 */
export async function pinRevision(
  source: Source,
  root: string,
  cacheDir: string = cacheDirOf(root),
  offline = false,
  open = openOnce(root, cacheDir),
): Promise<Revision | null> {
  if (source.kind === 'folder') return null
  const repository = await open(source.repository)
  if (repository.url !== null && offline) await demandFetched(repository)
  else if (repository.url !== null) await fetchMirror(repository, source.ref)
  const working = Promise.all([changesIn(repository), uncommittedRules(repository, source.subdir)])
  working.catch(() => {})
  const commit = await commitOf(source.ref, repository)
  const [about, [dirty, rules]] = await Promise.all([describe(commit, repository), working])
  return { commit, ref: source.ref, ...about, dirty, ...rules }
}

/** Where checkouts, copies of repositories and packed artifacts are kept. */
function cacheDirOf(root: string): string {
  return join(root, '.clonedeploy', 'cache')
}

async function describe(commit: string, { path: cwd, bare, shown }: Repository) {
  const failure = `commit ${commit} in ${shown} cannot be read`
  const text = await git(['log', '-1', '--no-color', '--format=%s%x00%an', commit, '--'], { cwd, bare, failure })
  const [subject = '', author = ''] = text.split('\0')
  return { subject, author }
}

/** Of a working tree; null where there is none. */
async function changesIn({ path: cwd, bare, worktree, shown }: Repository): Promise<number | null> {
  if (!worktree) return null
  const ours = [':(exclude,top,glob)**/.clonedeploy', ':(exclude,top,glob)**/.clonedeploy/**']
  const failure = `the working tree of ${shown} cannot be read`
  const text = await git(['status', '--porcelain', '--', ':(top)', ...ours], { cwd, bare, failure })
  return text === '' ? 0 : text.split('\n').length
}

/** Also where git ignores it. */
async function uncommittedRules(
  { path: cwd, bare, prefix, worktree, shown }: Repository,
  subdir: string | null,
): Promise<Pick<Revision, 'uncommittedRules'>> {
  const path = join(prefix, subdir ?? '.', '.deployignore')
  if (!worktree || !existsSync(join(cwd, path))) return {}
  const failure = `the working tree of ${shown} cannot be read`
  const text = await git(['status', '--porcelain', '--ignored', '--', `:(literal)${path}`], { cwd, bare, failure })
  return text === '' ? {} : { uncommittedRules: true }
}
