import { existsSync } from 'node:fs'
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
  const { cwd, signal, input, encoding = 'utf8' } = options
  const { execa } = await import('execa')
  signal?.throwIfAborted()
  const result = await execa('git', argvOf(args, options), {
    ...settings(options),
    ...(input === undefined ? { stdin: 'ignore' } : { input: Buffer.from(input, 'latin1') }),
    encoding,
  })
  if (result.isCanceled) throw signal?.reason
  if (result.code === 'ENOENT' && existsSync(cwd)) throw new GitMissingError()
  const errors = result.stderr === '' && result.failed ? [result.shortMessage ?? ''] : result.stderr.split('\n')
  return { ok: !result.failed, stdout: result.stdout, errors: errors.slice(-10) }
}

/** git with its output as a stream, read while it runs. A process of execa is a promise, too: it comes in an object. */
export async function startGit(
  args: readonly string[],
  options: Pick<GitOptions, 'cwd' | 'bare' | 'signal'>,
  input: string,
) {
  const { execa } = await import('execa')
  options.signal?.throwIfAborted()
  return { git: execa('git', argvOf(args, options), { ...settings(options), input, stderr: 'ignore', buffer: false }) }
}

function argvOf(args: readonly string[], { bare = false }: Pick<GitOptions, 'bare'>): readonly string[] {
  return [...safely, '-c', `safe.bareRepository=${bare ? 'all' : 'explicit'}`, ...args]
}

function settings({ cwd, signal }: Pick<GitOptions, 'cwd' | 'signal'>) {
  return {
    cwd,
    env: cleanEnv(process.env),
    extendEnv: false,
    reject: false,
    timeout: 15 * 60_000,
    ...(signal ? { cancelSignal: signal } : {}),
  } as const
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
