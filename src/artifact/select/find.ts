import { lstatSync, realpathSync, statSync } from 'node:fs'
import { relative } from 'node:path'
import { PreflightError } from '../../errors.js'
import type { Skeleton } from '../../release/linked.js'
import type { Revision } from '../artifact.js'
import { onDisk, rawName } from '../printable-names.js'
import { unusedIncludes, warningsOf } from '../warnings.js'
import { refuseUnpackable } from './checks.js'
import { loadGitignore, type PathTest, readDeployignore } from './deployignore.js'
import { compileInclude } from './include.js'
import { judgeBy } from './judge.js'
import { skeletonOf } from './skeleton.js'
import { trackedEnvFiles } from './tracked.js'
import { type Found, walk } from './walk.js'

export interface PackOptions {
  readonly dir: string
  /** Paths or patterns below `dir`; null: everything but what its .deployignore names. */
  readonly include: readonly string[] | null
  readonly shared: { readonly dirs: readonly string[]; readonly files: readonly string[] }
  readonly cacheDir: string
  /** Where the project lies, whose own repository may be asked which env files it tracks; else none is taken for tracked. */
  readonly project?: string
  /** What git's attribute export-ignore leaves out of the release. */
  readonly exportIgnored?: PathTest
  /** The files are as git keeps them: no filter was run, so pointers of LFS are to be expected. */
  readonly unfiltered?: boolean
  readonly revision?: Revision | null
  readonly signal?: AbortSignal | undefined
  /** Whether the folder stays where it is: what is not written to until it is packed again need not be read then. */
  readonly stays?: boolean
}

interface Findings {
  readonly found: Found
  readonly skeleton: Skeleton
  readonly warnings: readonly string[]
}

/** Everything in a folder that belongs into the artifact, checked, with what is to be said about the rest. */
export async function findAll(options: PackOptions): Promise<Findings> {
  const { dir, cacheDir, project, signal } = options
  refuseNoFolder(dir, options.include)
  const gitignore = await loadGitignore()
  const exists = (path: string) => lstatSync(onDisk(dir, path), { throwIfNoEntry: false }) !== undefined
  const include = compileInclude((options.include ?? []).map(rawName), exists, gitignore)
  const deployignore = gitignore(readDeployignore(dir))
  const tracked = project === undefined ? () => false : await trackedEnvFiles(dir, project)
  const shared = [...options.shared.dirs, ...options.shared.files].map(path => rawName(path.replace(/\/+$/, '')))
  const rules = {
    include,
    deployignore,
    exportIgnored: (options.include === null && options.exportIgnored) || (() => false),
    tracked,
    shared: new Set(shared),
    ours: new Set([below(dir, cacheDir)]),
  }
  const found = await walk(dir, judgeBy(rules), signal)
  const unused = include.unused()
  if (unused.length > 0) throw unusedIncludes(dir, unused, found)
  refuseUnpackable(dir, found, shared)
  const unshared = judgeBy({ ...rules, shared: new Set() })
  const { skeleton, warnings } =
    project === undefined ? none : await skeletonOf(dir, project, options.shared.dirs, unshared)
  return { found, skeleton, warnings: [...warningsOf(found, shared), ...warnings] }
}

const none = { skeleton: {}, warnings: [] }

function refuseNoFolder(dir: string, include: readonly string[] | null): void {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new PreflightError(`there is no folder ${dir} to deploy`, {
      next: ['build it first, or let clonedeploy do it: "build" in the config'],
    })
  if (include?.length === 0)
    throw new PreflightError('"include" is an empty list: nothing would be deployed', {
      next: ['name what belongs into the release, or remove "include" to deploy everything'],
    })
}

/** The path of `inner` below `dir` as a name of the walk; empty when it lies elsewhere. */
function below(dir: string, inner: string): string {
  const path = relative(real(dir), real(inner))
  return path.startsWith('..') ? '' : rawName(path)
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
