import { PreflightError } from '../errors.js'
import type { Artifact, Revision } from './artifact.js'
import { recallCommit, rememberCommit } from './cache/commits.js'
import { type Before, freezeCommit } from './cache/freeze-commit.js'
import { recall } from './cache/store.js'
import { commitFolder } from './git/commit-folder.js'
import type { GitOptions } from './git/git.js'
import { changedBetween, UnusualError } from './git/objects.js'
import { artifactOf, warningsAbout } from './pack.js'
import { findAll, type Selection } from './select/find.js'
import { binariesIn, markedIn } from './suspect-files.js'

interface CommitOptions extends Selection {
  readonly commit: string
  /** The folder of it that is the release, as a latin1 name; '' is its top. */
  readonly at: string
  readonly submodules: boolean | null
  readonly cacheDir: string
  readonly revision: Revision | null
  /** Names everything that what becomes of a commit depends on, but for the commit; null: nothing that is known is gone by. */
  readonly line: string | null
  /** Where git runs. */
  readonly run: Pick<GitOptions, 'cwd' | 'bare' | 'signal'>
}

/**
 * The artifact of a commit that nothing is built from, without a checkout of it: git lists its files, and only those are read that differ
 * from the commit that was packed last. It is what packing a checkout gives; null where that cannot be known, or where something is wrong
 * with the commit: then a checkout is to tell.
 */
export async function packCommit(options: CommitOptions): Promise<Artifact | null> {
  const { commit, at, submodules, cacheDir, revision, line, run } = options
  try {
    const [folder, before] = await Promise.all([commitFolder(commit, at, submodules, run), beforeOf(options)])
    const { found, skeleton, warnings } = await findAll(folder, options)
    const { frozen, marks } = await freezeCommit(found, cacheDir, before, run)
    if (markedIn(frozen.manifest, marks).pointer.length > 0) return null
    if (line !== null) rememberCommit(cacheDir, line, { commit, digest: frozen.digest, marks })
    const about = {
      warnings: [...warnings, ...warningsAbout(frozen, marks)],
      skeleton,
      binaries: binariesIn(frozen.manifest, marks),
    }
    return artifactOf(frozen, revision, about)
  } catch (error) {
    if (error instanceof PreflightError || error instanceof UnusualError) return null
    throw error
  }
}

async function beforeOf({ cacheDir, line, commit, at, run }: CommitOptions): Promise<Before | null> {
  const known = line === null ? null : recallCommit(cacheDir, line)
  const frozen = known && recall(cacheDir, known.digest)
  if (!known || !frozen) return null
  const paths = await changedBetween(known.commit, commit, run).catch(error => {
    if (error instanceof PreflightError) return null
    throw error
  })
  const prefix = at === '' ? '' : `${at}/`
  return paths && { frozen, marks: known.marks, changed: path => paths.has(prefix + path) }
}
