import { lstatSync, type Stats, statSync } from 'node:fs'
import { PreflightError } from '../../errors.js'
import { entriesOf, type Manifest } from '../manifest/manifest.js'
import { onDisk, printable, someOf } from '../printable-names.js'
import { ArchiveError } from './archive-error.js'

/** Throws a PreflightError when there is neither a file nor a folder. */
export function demandArtifact(path: string): Stats {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isFile() || stats?.isDirectory()) return stats
  throw new PreflightError(`there is no artifact ${path} to deploy`, {
    details: stats === undefined ? [] : ['what is there is neither a file nor a folder'],
    next: ['build it first, or correct "source.artifact" in the config'],
  })
}

/** The same rule for a folder that CI built as for a tar of it. `dir`: what the manifest's paths lie in. */
export function refuseRaisedModes(artifact: string, dir: string, manifest: Manifest): void {
  const raised = entriesOf(manifest).flatMap(({ kind, path }) => {
    const mode = kind === 'file' ? (lstatSync(onDisk(dir, path), { throwIfNoEntry: false })?.mode ?? 0) : 0
    return mode & 0o6000 ? [`${printable(path)} is ${mode & 0o4000 ? 'setuid' : 'setgid'}`] : []
  })
  if (raised.length === 0) return
  throw new ArchiveError(artifact, 'holds what no release may hold', {
    details: [someOf(raised, 10)],
    next: ['leave that out where the artifact is made'],
  })
}
