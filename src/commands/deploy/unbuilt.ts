import type { Artifact, Revision } from '../../artifact/artifact.js'

const digest = `sha256:${'0'.repeat(64)}`

/** Stands for what a build would make, in a dry run that may not run it: only its revision is known. */
export function unbuilt(revision: Revision | null): Artifact {
  return {
    manifest: { lines: ['# clonedeploy 1 036'] },
    digest,
    revision,
    skeleton: {},
    warnings: [],
    payload: () => Promise.reject(new Error('nothing was built')),
  }
}

export function isUnbuilt(artifact: Artifact): boolean {
  return artifact.digest === digest
}
