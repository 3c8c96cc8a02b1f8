import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { privateFolder } from '../../cache-folder.js'
import { PreflightError } from '../../errors.js'
import { type Discovered, discover, isWithin, worktreeOf } from './discover.js'
import { git, NotARepositoryError, tryGit } from './git.js'

/** A repository on this machine: the user's own, or our copy of a remote one. */
export interface Repository {
  /** Where git runs. */
  readonly path: string
  /** Whether `path` is a git directory itself. */
  readonly bare: boolean
  /** Folder of the repository that `path` was in, ending in `/`; '' for its top. */
  readonly prefix: string
  /** Whether there is a working tree with changes of its own. */
  readonly worktree: boolean
  /** What the config calls it, without a password. */
  readonly shown: string
  /** Where the remote one is that this is our copy of; null: it is the user's own. */
  readonly url: string | null
}

export type OpenRepository = (address: string) => Promise<Repository>

/** For a run, which asks for the same repository again and again: git is asked about it once. */
export function openOnce(root: string, cacheDir: string): OpenRepository {
  const opened = new Map<string, Promise<Repository>>()
  return address => {
    const opening = opened.get(address) ?? openRepository(address, root, cacheDir)
    opened.set(address, opening)
    return opening
  }
}

/** Finds a local repository, or the place of our copy of a remote one (which `fetchMirror` fills). */
async function openRepository(repository: string, root: string, cacheDir: string): Promise<Repository> {
  const path = resolve(root, repository)
  if (isUrl(repository) || (isScpLike(repository) && !existsSync(path))) return mirrorOf(repository, root, cacheDir)
  if (!existsSync(path)) throw new NotARepositoryError(repository, [`there is no folder ${path}`])
  refuseForeign(path, root)
  const bare = discover(path)?.kind === 'bare'
  const run = { cwd: path, bare }
  const asked = ['rev-parse', '--is-bare-repository', '--show-cdup', '--show-prefix']
  const { ok, stdout, errors } = await tryGit(asked, run)
  if (!ok) throw new NotARepositoryError(path, errors)
  const [treeless, up = '', ...rest] = stdout.split('\n')
  const prefix = rest.join('\n')
  const worktree = treeless === 'false'
  return { path: worktree ? resolve(realpathSync(path), up) : path, bare, prefix, worktree, shown: path, url: null }
}

async function mirrorOf(url: string, root: string, cacheDir: string): Promise<Repository> {
  if (url.startsWith('-') || /^[a-z0-9+.-]*::/i.test(url))
    throw new PreflightError(`${url} is not the address of a git repository`, {
      next: ['correct source.git in the config: a folder, https://…, ssh://… or user@host:path'],
    })
  const [, near] = /^file:\/\/[^/]*(\/.*)$/i.exec(url) ?? []
  if (near !== undefined && existsSync(decodeURI(near))) refuseForeign(decodeURI(near), root)
  const path = mirrorFolder(url, cacheDir)
  // Before anything else runs there: git would take a repository above it for the one that is meant.
  const failure = `no repository can be made in ${path}`
  // Made once: a second init rewrites the settings, and fails while another run does the same.
  const made = (await tryGit(['rev-parse', '--git-dir'], { cwd: path, bare: true })).stdout === '.'
  if (!made) await git(['init', '--quiet', '--bare', '--template=', '.'], { cwd: path, bare: true, failure })
  const shown = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1')
  return { path, bare: true, prefix: '', worktree: false, shown, url }
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:(\/\/|:)/i.test(text)
}

/** `user@host:path`, as git understands it: a colon before any slash. */
function isScpLike(text: string): boolean {
  return /^[^/]+:/.test(text)
}

/**
 * The folder of our copy of a remote repository. It lies in the user's cache: a folder of the project may have come with
 * its files, settings and all. Without a cache of ours alone, the copy is made anew each time.
 */
function mirrorFolder(url: string, cacheDir: string): string {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 16)
  const own = privateFolder()
  const path = join(own ?? cacheDir, 'git', name)
  if (own === null) rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

/** The source is a repository that came as files of the project: its settings are not the user's. */
export class ForeignRepositoryError extends PreflightError {
  override name = 'ForeignRepositoryError'
  constructor(
    readonly path: string,
    project: string,
  ) {
    super(`${path} is a git repository of its own, inside ${project}`, {
      details: ['what its settings name would be run, and they may have come with the files of the project'],
      next: ['name the project itself (source: { git: "." }), its address, or a repository outside of it'],
    })
  }
}

/**
 * Throws where git must not run: in a git directory among the project's files, or in a working tree below the project's
 * that is neither a submodule of it nor a second working tree. Of a project in no repository only the former is refused.
 */
export function refuseForeign(path: string, root: string): void {
  const found = discover(path)
  if (found === null) return
  const project = worktreeOf(root)
  const top = project?.top ?? realpathSync(root)
  if (found.kind === 'bare' ? isWithin(top, found.top) : project !== null && isNested(found, project))
    throw new ForeignRepositoryError(found.top, top)
}

type Worktree = Extract<Discovered, { kind: 'worktree' }>

function isNested(found: Worktree, project: Worktree): boolean {
  return found.top !== project.top && isWithin(project.top, found.top) && !isWithin(project.gitFolder, found.gitFolder)
}
