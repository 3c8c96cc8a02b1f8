import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from '../config/config.js'
import type { Revision } from './artifact.js'
import { git } from './git/git.js'
import { demandFetched, fetchMirror } from './git/mirror.js'
import { commitOf } from './git/ref.js'
import { openOnce, type Repository } from './git/repository.js'

/** A commit of a repository, and what was asked for it; null for what no commit is built of. */
interface Pinned {
  readonly pin: { readonly source: GitSource; readonly repository: Repository; readonly commit: string } | null
}

type GitSource = Extract<Source, { kind: 'git' }>

/** The pinned commit and what is to say of it; null for a folder. Throws a PreflightError as `pinCommit` does. */
export async function pinRevision(...asked: Parameters<typeof pinCommit>): Promise<Revision | null> {
  return aboutRevision(await pinCommit(...asked))
}

/**
 * Resolves the source's ref, once: what is built and deployed afterwards is this commit, whatever happens to the branch.
 * Throws a PreflightError that says what is wrong with the repository or the ref.
 */
export async function pinCommit(
  source: Source,
  root: string,
  cacheDir: string = cacheDirOf(root),
  offline = false,
  open = openOnce(root, cacheDir),
): Promise<Pinned> {
  if (source.kind !== 'git') return { pin: null }
  const repository = await open(source.repository)
  if (repository.url !== null && offline) await demandFetched(repository)
  else if (repository.url !== null) await fetchMirror(repository, source.ref)
  return { pin: { source, repository, commit: await commitOf(source.ref, repository) } }
}

/** Who made the commit and why, and what the working tree has beside it. */
export async function aboutRevision({ pin }: Pinned): Promise<Revision | null> {
  if (pin === null) return null
  const { commit, repository, source } = pin
  const [about, dirty, rules] = await Promise.all([
    describe(commit, repository),
    changesIn(repository),
    uncommittedRules(repository, source.subdir),
  ])
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
