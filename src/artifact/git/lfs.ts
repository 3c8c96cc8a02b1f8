import { lstatSync, readFileSync } from 'node:fs'
import { UnpackableError } from '../artifact.js'
import { onDisk, printable, someOf } from '../printable-names.js'
import { gitList } from './git.js'

/** Whether a file is what Git LFS has git keep in place of it. */
export function isPointer(bytes: Buffer): boolean {
  return bytes.length < 1024 && bytes.indexOf(beginning) === 0 && bytes.includes('\noid sha256:')
}

const beginning = 'version https://git-lfs.github.com/spec/v1\n'

export class PointersError extends UnpackableError {
  override name = 'PointersError'
  /** `paths` as in a manifest. */
  constructor(readonly paths: readonly string[]) {
    super('pointers of Git LFS would be deployed in place of the files', {
      details: paths.slice(0, 10).map(printable),
      next: [`${fetching}; then deploy again (a folder: git lfs pull)`, 'or leave them out: .deployignore'],
    })
  }
}

const fetching = 'install git-lfs, run `git lfs install` once, and leave GIT_LFS_SKIP_SMUDGE unset'

/** A sentence about what a build found in a checkout in place of files; none where it fetched them itself. */
export async function pointerWarnings(checkout: string): Promise<readonly string[]> {
  const failure = 'the files of Git LFS cannot be listed'
  const paths = await gitList(['ls-files', '-z', '--', ':(attr:filter=lfs)'], { cwd: checkout, failure })
  const left = paths.filter(path => isPointerAt(onDisk(checkout, path)))
  if (left.length === 0) return []
  return [`the build found pointers of Git LFS in place of files (${fetching}): ${someOf(left.map(printable))}`]
}

function isPointerAt(path: string | Buffer): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.isFile() === true && stats.size < 1024 && isPointer(readFileSync(path))
}
