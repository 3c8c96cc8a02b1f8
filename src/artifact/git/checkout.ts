import { lstatSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PreflightError, UsageError } from '../../errors.js'
import { didYouMean } from '../../text/suggest.js'
import { printable } from '../printable-names.js'
import { substituteFormats } from './export.js'
import { git, gitList, NoSuchSubdirError, tryGit } from './git.js'
import { hasCommit } from './mirror.js'
import type { Repository } from './repository.js'

interface CheckoutOptions {
  readonly repository: Repository
  readonly commit: string
  /** null: the config does not say. */
  readonly submodules: boolean | null
  /** An empty folder. */
  readonly dir: string
  /** Fetch nothing: no submodule, and no filter runs, which may fetch (git-lfs does). */
  readonly offline: boolean
  readonly signal?: AbortSignal | undefined
}

/** Puts exactly the files of a commit into a folder, as a clone of its own: no hook of the repository runs. */
export async function checkOut({
  repository,
  commit,
  submodules,
  dir,
  offline,
  signal,
}: CheckoutOptions): Promise<void> {
  const short = commit.slice(0, 7)
  const failure = `commit ${short} of ${repository.shown} cannot be checked out`
  const run = { cwd: dir, signal, failure }
  await git(['clone', '--quiet', '--shared', '--no-checkout', '--template=', '--', repository.path, '.'], run)
  // A shallow repository is copied, not shared, and only what its branches reach.
  if (!(await hasCommit({ path: dir, bare: false }, commit)))
    await git(['fetch', '--quiet', '--no-tags', '--', repository.path, commit], run)
  const origin = repository.url ?? (await originOf(repository))
  if (origin !== null) await git(['remote', 'set-url', 'origin', origin], run)
  if (offline) withoutFilters(dir)
  await git(['-c', 'advice.detachedHead=false', 'checkout', '--quiet', '--force', '--detach', commit], run)
  if (submodules === null) await refuseUnsaidSubmodules(dir, commit)
  await substituteFormats(dir, commit)
  if (submodules && !offline)
    await git(['submodule', 'update', '--quiet', '--init', '--recursive'], {
      ...run,
      failure: `the submodules of ${short} cannot be checked out`,
      next: ['try it by hand: git submodule update --init --recursive'],
    })
}

/** Where submodules with relative addresses are looked for; null where the repository has no such place. */
async function originOf({ path: cwd, bare }: Repository): Promise<string | null> {
  const { ok, stdout } = await tryGit(['config', '--get', 'remote.origin.url'], { cwd, bare })
  return ok && stdout !== '' ? stdout : null
}

/** What is not in a checkout that was made offline, and is in one that was not. */
export async function notFetched(dir: string, submodules: boolean): Promise<readonly string[]> {
  const attributes = ['grep', '--quiet', '-e', 'filter=', 'HEAD', '--', ':(glob)**/.gitattributes']
  const filters = (await tryGit(attributes, { cwd: dir })).ok
  const modules = submodules && (await tryGit(['cat-file', '-e', 'HEAD:.gitmodules'], { cwd: dir })).ok
  return [
    ...(filters ? ['offline, no filter of git (LFS, say) was run: its files are as git keeps them'] : []),
    ...(modules ? ['offline, no submodule was fetched'] : []),
  ]
}

/** These attributes are stronger than those of any .gitattributes. */
function withoutFilters(dir: string): void {
  mkdirSync(join(dir, '.git/info'), { recursive: true })
  writeFileSync(join(dir, '.git/info/attributes'), '* -filter\n')
}

/** A folder of a checkout, which must really lie in it: a link on the way could lead anywhere on this machine. */
export function subfolder(checkout: string, subdir: string, commit: string): string {
  if (subdir.startsWith('/') || subdir.split('/').includes('..'))
    throw new UsageError(`source.subdir ${subdir} does not lie in the repository`, {
      next: ['give it relative to the repository: apps/web'],
    })
  const path = join(checkout, subdir)
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new NoSuchSubdirError(subdir, commit, [siblings(path)].filter(Boolean))
  if (!stats.isDirectory() || realpathSync(path) !== join(realpathSync(checkout), subdir).replace(/\/$/, ''))
    throw new NoSuchSubdirError(subdir, commit, ['it is a file, or a symbolic link leads to it'])
  return path
}

function siblings(path: string): string {
  try {
    const names = readdirSync(dirname(path), { withFileTypes: true })
      .filter(entry => entry.isDirectory() && entry.name !== '.git')
      .map(entry => entry.name)
    return `beside it: ${names.join(', ')}${didYouMean(path.slice(dirname(path).length + 1), names)}`
  } catch {
    return ''
  }
}

/** Throws where a commit has submodules: without a word in the config, nobody knows whether their folders may be empty. */
async function refuseUnsaidSubmodules(dir: string, commit: string): Promise<void> {
  const short = commit.slice(0, 7)
  const failure = `the files of ${short} cannot be listed`
  const entries = await gitList(['ls-files', '-z', '--stage'], { cwd: dir, failure })
  const paths = entries.filter(entry => entry.startsWith('160000 ')).map(entry => entry.slice(entry.indexOf('\t') + 1))
  if (paths.length === 0) return
  throw new PreflightError(`commit ${short} has submodules, and the config does not say whether to check them out`, {
    details: paths.slice(0, 10).map(path => printable(path)),
    next: [
      'check them out: source: { submodules: true }',
      'or leave their folders empty, as for what is no part of the app: source: { submodules: false }',
    ],
  })
}
