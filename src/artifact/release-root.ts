import { lstatSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { PreflightError } from '../errors.js'

/** The folder of a build that is the release (null: all of it), which must really lie in it: a link could lead anywhere. */
export function releaseRoot(built: string, root: string | null): string {
  if (root === null) return built
  const path = join(built, root)
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.isDirectory() && realpathSync(path) === join(realpathSync(built), root)) return path
  throw new PreflightError(`"root" names ${root}, which is no folder of the build`, {
    details: [stats === undefined ? 'there is nothing of that name' : 'it is a file, or a symbolic link leads to it'],
    next: ['correct "root" in the config, or the build that should make it'],
  })
}
