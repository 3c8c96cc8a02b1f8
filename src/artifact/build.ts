import { lstatSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config, Source } from '../config/config.js'
import { PreflightError } from '../errors.js'
import { demandArtifact, refuseRaisedModes } from './archive/built-elsewhere.js'
import { unpackArchive } from './archive/unpack-archive.js'
import type { Artifact, Revision } from './artifact.js'
import { type BuildSettings, buildKey, recallBuild, rememberBuild } from './cache/builds.js'
import { recall } from './cache/store.js'
import { type OnOutput, runCommand } from './command.js'
import { type Dependent, keptText, nameOf, type OnNote, withDependencies } from './dependencies/dependencies.js'
import { findKept } from './dependencies/kept-folders.js'
import { checkOut, notFetched, subfolder } from './git/checkout.js'
import { exportIgnored } from './git/export.js'
import { withoutRepository } from './git/git.js'
import { pointerWarnings } from './git/lfs.js'
import { fetchMirror, hasCommit } from './git/mirror.js'
import { commitOf } from './git/ref.js'
import { type OpenRepository, openOnce, type Repository } from './git/repository.js'
import { artifactOf, type PackOptions, packFolder } from './pack.js'
import { packCommit } from './pack-commit.js'
import { rawName } from './printable-names.js'
import { checkoutEnv, firstFolderIn, inWorkspace, workspacesOf } from './workspace.js'

export interface BuildOptions {
  readonly config: BuildSettings & Pick<Config, 'root' | 'source' | 'buildCache'>
  /** From `pinRevision`. */
  readonly revision: Revision | null
  readonly cacheDir: string
  /** Where the run opens its repository more than once. */
  readonly open?: OpenRepository
  readonly onOutput: OnOutput
  readonly signal?: AbortSignal | undefined
  /** Build although this revision was built before. */
  readonly force?: boolean
  /** Run the first command although what it makes is kept, too. */
  readonly afresh?: boolean
  readonly onNote?: OnNote
  /** Fetch nothing. What git would put through a filter, or into a submodule, is then not what it would be. */
  readonly offline?: boolean
}

/**
 * Builds the source and packs what came out. A commit is built in a clean checkout, and once: the same build is taken
 * from the cache. A folder is packed as it is, after the build commands ran in the config's folder; an artifact of CI as it is.
 * Throws a PreflightError for what is wrong with the source or the build, and the signal's reason when it is aborted.
 */
export async function buildArtifact(options: BuildOptions): Promise<Artifact> {
  const { source } = options.config
  switch (source.kind) {
    case 'git':
      return buildCommit(source, options)
    case 'folder':
      return buildFolder(source.dir, options)
    case 'artifact':
      return takeArtifact(resolve(options.config.root, source.path), options)
  }
}

/**
 * The artifact as far as it is had without running a command of the project: packed where there is no build, else taken
 * from the cache; null when it would have to be built.
 */
export async function buildWithoutCommands(options: BuildOptions): Promise<Artifact | null> {
  const { config, revision } = options
  if (config.build.length === 0) return buildArtifact(options)
  if (config.source.kind !== 'git' || revision === null) return null
  const repository = await opened(config.source, options)
  return known(buildKeyOf(config.source, repository, revision.commit, options), options)
}

async function buildFolder(dir: string, options: BuildOptions): Promise<Artifact> {
  await runAll(options.config.root, withoutRepository(process.env), options)
  return pack(resolve(options.config.root, dir), options, { project: options.config.root, stays: true })
}

/** Nothing runs: what CI built is packed as any other folder, once it was looked through. */
async function takeArtifact(path: string, options: BuildOptions): Promise<Artifact> {
  const { root } = options.config
  if (!demandArtifact(path).isDirectory())
    return inWorkspace(workspacesOf(root), async dir => {
      await unpackArchive(path, dir, options.signal)
      return pack(dir, options, {})
    })
  const artifact = await pack(path, options, { project: root, stays: true })
  refuseRaisedModes(path, releaseRoot(path, options.config.releaseRoot), artifact.manifest)
  return artifact
}

async function buildCommit(source: GitSource, options: BuildOptions): Promise<Artifact> {
  const { revision, cacheDir } = options
  const repository = await opened(source, options)
  const commit = revision?.commit ?? (await pinned(source, repository, options))
  const key = buildKeyOf(source, repository, commit, options)
  const before = options.force || options.afresh ? null : known(key, options)
  if (before !== null) return before
  const artifact = await buildFresh({ source, repository, commit, subdir: subdirOf(source, repository) }, options)
  rememberBuild(cacheDir, options.offline ? offlineKey(key) : key, artifact)
  return artifact
}

function opened({ repository }: GitSource, { config, cacheDir, open }: BuildOptions): Promise<Repository> {
  return (open ?? openOnce(config.root, cacheDir))(repository)
}

/** A build that could fetch is what would be deployed, and none that could not ever is. */
function known(key: string, options: BuildOptions): Artifact | null {
  return cached(key, options) ?? (options.offline ? cached(offlineKey(key), options) : null)
}

function offlineKey(key: string): string {
  return `${key}-offline`
}

function cached(key: string, { cacheDir, revision }: BuildOptions): Artifact | null {
  const known = recallBuild(cacheDir, key)
  const frozen = known && recall(cacheDir, known.digest)
  return known && frozen ? artifactOf(frozen, revision, known) : null
}

function buildKeyOf(source: GitSource, repository: Repository, commit: string, options: BuildOptions): string {
  return buildKey(commit, subdirOf(source, repository), source.submodules, options.config, process.env)
}

function subdirOf(source: GitSource, repository: Repository): string {
  return join(repository.prefix, source.subdir ?? '.')
}

/** A commit of a repository, and the folder of it that is built. */
interface Picked {
  readonly source: GitSource
  readonly repository: Repository
  readonly commit: string
  readonly subdir: string
}

async function buildFresh(picked: Picked, options: BuildOptions): Promise<Artifact> {
  const { offline = false, signal } = options
  const { repository, commit } = picked
  const lacks = repository.url !== null && !offline && !(await hasCommit(repository, commit))
  if (lacks) await fetchMirror(repository, commit, signal)
  const unbuilt = options.config.build.length === 0 ? await packUnbuilt(picked, options) : null
  return unbuilt ?? buildCheckout(picked, options)
}

/** What nothing is built from needs no checkout; null: it is unusual, and needs one. */
function packUnbuilt({ source, repository, commit, subdir }: Picked, options: BuildOptions): Promise<Artifact | null> {
  const { include, shared, releaseRoot } = options.config
  const at = join(subdir, releaseRoot ?? '.').replace(/\/$/, '')
  return packCommit({
    commit,
    at: at === '.' ? '' : rawName(at),
    submodules: source.submodules,
    include,
    shared,
    cacheDir: options.cacheDir,
    revision: options.revision,
    line: options.force || options.afresh ? null : buildKeyOf(source, repository, '', options),
    run: { cwd: repository.path, bare: repository.bare, signal: options.signal },
  })
}

async function buildCheckout(picked: Picked, options: BuildOptions): Promise<Artifact> {
  const { repository, commit, subdir } = picked
  const { submodules } = picked.source
  const { offline = false, signal, afresh = false, onNote = () => {} } = options
  return inWorkspace(workspacesOf(options.config.root), async dir => {
    await checkOut({ repository, commit, submodules, dir, offline, signal })
    const folder = subfolder(dir, subdir, commit)
    const ignored = await exportIgnored(dir, join(subdir, options.config.releaseRoot ?? '.'))
    const dependent = dependentOf(picked, options, dir)
    return withDependencies(dependent && { ...dependent, afresh, onNote }, async first => {
      await runAll(folder, checkoutEnvOf(commit, options), options, first)
      const artifact = await pack(subfolder(dir, subdir, commit), options, {
        project: dir,
        exportIgnored: ignored,
        unfiltered: offline,
      })
      const more = offline
        ? await notFetched(dir, submodules === true)
        : options.config.build.length > 0
          ? await pointerWarnings(dir)
          : []
      return { ...artifact, warnings: [...artifact.warnings, ...more] }
    })
  })
}

function checkoutEnvOf(commit: string, { config }: BuildOptions): NodeJS.ProcessEnv {
  return { ...checkoutEnv(process.env, config.root), CLONEDEPLOY_REVISION: commit }
}

/** Offline, git may not have made the files that an installer reads: nothing is kept of that. */
function dependentOf(
  { repository, commit, subdir }: Omit<Picked, 'source'>,
  options: BuildOptions,
  checkout: string,
): Dependent | null {
  const { config, offline, signal } = options
  if (config.buildCache === null || config.build.length === 0 || offline) return null
  const folder = join(subdir, '.').replace(/\/$/, '')
  return {
    cache: config.buildCache,
    build: config.build,
    env: { ...checkoutEnvOf(commit, options), ...config.buildEnv },
    commit,
    folder: folder === '.' ? '' : rawName(folder),
    checkout,
    git: { cwd: repository.path, bare: repository.bare, signal },
  }
}

/** What is kept for the first command of a build that has not begun: nothing of it runs, and nothing is checked out. */
export async function lookForDependencies(options: BuildOptions): Promise<string | null> {
  const { config, revision, afresh } = options
  if (config.source.kind !== 'git' || revision === null || afresh) return null
  const repository = await opened(config.source, options)
  if (!(await hasCommit(repository, revision.commit))) return null
  const picked = { repository, commit: revision.commit, subdir: subdirOf(config.source, repository) }
  const dependent = dependentOf(picked, options, firstFolderIn(workspacesOf(config.root)))
  if (dependent === null) return null
  const named = await nameOf(dependent)
  const kept = 'key' in named ? findKept(named.key) : null
  return kept === null ? null : keptText(dependent.cache, kept)
}

type GitSource = Extract<Source, { kind: 'git' }>

async function pinned(source: GitSource, repository: Repository, { offline }: BuildOptions): Promise<string> {
  if (repository.url !== null && !offline) await fetchMirror(repository, source.ref)
  return commitOf(source.ref, repository)
}

async function runAll(
  cwd: string,
  given: NodeJS.ProcessEnv,
  { config, onOutput, signal }: BuildOptions,
  first: (run: () => Promise<void>) => Promise<void> = run => run(),
): Promise<void> {
  const env = { ...given, ...config.buildEnv }
  for (const [i, command] of config.build.entries()) {
    const run = () => runCommand(command, { cwd, env, onOutput, signal })
    await (i === 0 ? first(run) : run())
  }
}

async function pack(
  dir: string,
  { config, revision, cacheDir, signal }: BuildOptions,
  more: Partial<PackOptions>,
): Promise<Artifact> {
  const { include, shared } = config
  return packFolder({ dir: releaseRoot(dir, config.releaseRoot), include, shared, cacheDir, revision, signal, ...more })
}

/** The folder of a build that is the release (null: all of it), which must really lie in it: a link could lead anywhere. */
function releaseRoot(built: string, root: string | null): string {
  if (root === null) return built
  const path = join(built, root)
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.isDirectory() && realpathSync(path) === join(realpathSync(built), root)) return path
  throw new PreflightError(`"root" names ${root}, which is no folder of the build`, {
    details: [stats === undefined ? 'there is nothing of that name' : 'it is a file, or a symbolic link leads to it'],
    next: ['correct "root" in the config, or the build that should make it'],
  })
}
