import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { PreflightError } from '../../errors.js'

export interface GitOptions {
  readonly cwd: string
  /** `cwd` is a git directory itself, and known not to be one of the project's files. */
  readonly bare?: boolean
  readonly signal?: AbortSignal | undefined
  /** Its standard input, as latin1; none without it. */
  readonly input?: string
  /** How its output is decoded: `latin1` keeps every byte of a name. */
  readonly encoding?: 'utf8' | 'latin1'
  /** What to say when it fails: `the commit cannot be checked out`. */
  readonly failure: string
  readonly next?: readonly string[]
}

/**
 * Runs git and gives its standard output. What an untrusted checkout could have it run is off: hooks, the file system
 * monitor, `ext::` remotes, git directories among its files, objects fetched when they are missed; and what a person's
 * own settings would change in the files that come out.
 */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const { ok, stdout, errors } = await tryGit(args, options)
  if (!ok) throw new GitFailedError(options.failure, errors, options.next)
  return stdout
}

/** What git lists, ended by NUL each (`-z`), with names as latin1. */
export async function gitList(args: readonly string[], options: GitOptions): Promise<readonly string[]> {
  return (await git(args, { ...options, encoding: 'latin1' })).split('\0').slice(0, -1)
}

/** Like `git`, for a failure that is an answer. Throws when git could not run at all, and the signal's reason. */
export async function tryGit(args: readonly string[], options: Omit<GitOptions, 'failure'>) {
  const { cwd, signal, input = '', encoding = 'utf8' } = options
  signal?.throwIfAborted()
  const child = startGit(args, options)
  const abort = () => endGit(child)
  const timer = setTimeout(abort, longest)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    child.stdin.on('error', () => {}).end(Buffer.from(input, 'latin1'))
    const [stdout, stderr, code] = await Promise.all([all(child.stdout), all(child.stderr), exitOf(child)])
    signal?.throwIfAborted()
    if (code === 'ENOENT' && existsSync(cwd)) throw new GitMissingError()
    const said = decoded(stderr, encoding)
    const errors = said === '' && code !== 0 ? [`git ${args[0]} ended with ${code}`] : said.split('\n')
    return { ok: code === 0, stdout: decoded(stdout, encoding), errors: errors.slice(-10) }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** Milliseconds: no fetch and no checkout takes so long. */
const longest = 15 * 60_000

/** git as a process whose streams are all ours. */
export function startGit(args: readonly string[], { cwd, bare = false }: Pick<GitOptions, 'cwd' | 'bare'>): GitProcess {
  const directories = `safe.bareRepository=${bare ? 'all' : 'explicit'}`
  return spawn('git', [...safely, '-c', directories, ...args], { cwd, env: cleanEnv(process.env) })
}

export type GitProcess = ChildProcessWithoutNullStreams

/** Asks it to end, and five seconds later makes it. */
export function endGit(child: GitProcess): void {
  child.kill()
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  child.once('close', () => clearTimeout(timer))
}

/** Its exit code, the signal that ended it, or why it could not be started. */
export function exitOf(child: GitProcess): Promise<number | string> {
  return new Promise(resolve => {
    child.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.message))
    child.on('close', (code, killedBy) => resolve(code ?? killedBy ?? 'an unknown signal'))
  })
}

async function all(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Without the last newline. */
function decoded(bytes: Buffer, encoding: 'utf8' | 'latin1'): string {
  return bytes.toString(encoding).replace(/\r?\n$/, '')
}

/** Without the variables by which git, when it runs us in a hook, would have every git work on its own repository. */
function cleanEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const clean = { ...env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_ATTR_NOSYSTEM: '1', GIT_NO_LAZY_FETCH: '1' }
  return withoutRepository(clean)
}

export function withoutRepository(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !repositoryVariables.has(name)))
}

const safely = [
  '--no-optional-locks',
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'protocol.ext.allow=never'].flatMap(set => ['-c', set]),
  ...[
    'core.autocrlf=false',
    'core.eol=lf',
    'core.attributesFile=/dev/null',
    'log.showSignature=false',
    'submodule.recurse=false',
  ].flatMap(set => ['-c', set]),
]

const repositoryVariables = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_PREFIX',
  'GIT_NAMESPACE',
  'GIT_QUARANTINE_PATH',
  'GIT_SHALLOW_FILE',
  'GIT_GRAFT_FILE',
])

class GitMissingError extends PreflightError {
  override name = 'GitMissingError'
  constructor() {
    super('git is not installed on this machine', {
      next: ['install git, or deploy a folder: source: { dir: … } in the config'],
    })
  }
}

/** A git command failed; `details` are its own words. */
export class GitFailedError extends PreflightError {
  override name = 'GitFailedError'
  constructor(
    what: string,
    readonly output: readonly string[],
    next: readonly string[] = [],
  ) {
    super(what, { details: output, next })
  }
}

export class NotARepositoryError extends PreflightError {
  override name = 'NotARepositoryError'
  constructor(
    readonly path: string,
    output: readonly string[],
  ) {
    super(`${path} cannot be read as a git repository`, {
      details: output,
      next: ['correct source.git in the config, or deploy a folder: source: { dir: … }'],
    })
  }
}

export class NoSuchRefError extends PreflightError {
  override name = 'NoSuchRefError'
  constructor(
    readonly ref: string,
    where: string,
    details: readonly string[],
    next: readonly string[],
  ) {
    super(`there is no commit ${JSON.stringify(ref)} in ${where}`, { details, next })
  }
}

export class AmbiguousRefError extends PreflightError {
  override name = 'AmbiguousRefError'
  constructor(readonly ref: string) {
    super(`${ref} is a branch and a tag`, { next: [`say which: refs/heads/${ref} or refs/tags/${ref}`] })
  }
}

export class NoSuchSubdirError extends PreflightError {
  override name = 'NoSuchSubdirError'
  constructor(
    readonly subdir: string,
    commit: string,
    details: readonly string[],
  ) {
    super(`there is no folder ${subdir} in commit ${commit.slice(0, 7)}`, {
      details,
      next: ['correct source.subdir in the config, or commit the folder'],
    })
  }
}
