import { statSync } from 'node:fs'
import { PreflightError } from '../../errors.js'
import type { Skeleton } from '../../release/shared.js'
import { rawName } from '../printable-names.js'
import { unusedIncludes, warningsOf } from '../warnings.js'
import { loadGitignore, type PathTest } from './deployignore.js'
import type { Folder } from './folder.js'
import { compileInclude } from './include.js'
import { judgeBy } from './path-rules.js'
import { withoutEmpty } from './placeholders.js'
import { refuseUnpackable } from './refuse-unpackable.js'
import { skeletonOf } from './shared-skeleton.js'
import type { Found, FoundFile } from './walk-tree.js'

/** What of a folder belongs into a release. */
export interface Selection {
  /** Paths or patterns; null: everything but what its .deployignore names. */
  readonly include: readonly string[] | null
  readonly shared: { readonly dirs: readonly string[]; readonly files: readonly string[] }
  /** What git's attribute export-ignore leaves out of the release. */
  readonly exportIgnored?: PathTest
}

interface Findings<File extends FoundFile> {
  readonly found: Found<File>
  readonly skeleton: Skeleton
  readonly warnings: readonly string[]
}

/** Everything in a folder that belongs into the artifact, checked, with what is to be said about the rest. */
export async function findAll<File extends FoundFile>(
  folder: Folder<File>,
  selection: Selection,
): Promise<Findings<File>> {
  const gitignore = await loadGitignore()
  const include = compileInclude((selection.include ?? []).map(rawName), folder.has, gitignore)
  const { dirs, files } = selection.shared
  const shared = [...dirs, ...files].map(path => rawName(path.replace(/\/+$/, '')))
  const rules = {
    include,
    deployignore: gitignore(folder.deployignore),
    exportIgnored: (selection.include === null && selection.exportIgnored) || (() => false),
    tracked: folder.tracked,
    shared: new Set(shared),
    ours: folder.ours,
  }
  const found = await folder.walk(judgeBy(rules))
  const unused = include.unused()
  if (unused.length > 0) throw unusedIncludes(folder.shown, unused, found)
  refuseUnpackable(folder.shown, found, shared)
  const { skeleton, warnings } = await skeletonOf(folder, dirs, judgeBy({ ...rules, shared: new Set() }))
  const missed = { ...found, leftOut: await withoutEmpty(folder, found.leftOut) }
  return { found, skeleton, warnings: [...warningsOf(missed, shared), ...warnings] }
}

export function refuseNoFolder(dir: string, include: readonly string[] | null): void {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new PreflightError(`there is no folder ${dir} to deploy`, {
      next: ['build it first, or let clonedeploy do it: "build" in the config'],
    })
  if (include?.length === 0)
    throw new PreflightError('"include" is an empty list: nothing would be deployed', {
      next: ['name what belongs into the release, or remove "include" to deploy everything'],
    })
}
