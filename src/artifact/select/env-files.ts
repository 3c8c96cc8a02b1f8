import { lstatSync, readFileSync, realpathSync } from 'node:fs'
import { relative } from 'node:path'
import { rawName } from '../printable.js'
import type { PathTest } from './gitignore.js'
import { onDisk } from './on-disk.js'
import { trackedIn } from './tracked.js'

/** `.env`, `.env.production`, `.envrc`: often they hold secrets of the machine that they lie on. An example holds none. */
export function isEnvFile(name: string): boolean {
  return /^\.env(rc)?(\..*)?$/i.test(name) && !/\.(example|sample|template|dist|defaults)$/i.test(name)
}

/**
 * Which env files of a folder are no secret of this machine: those that git tracks, copies of these (a build may have made
 * them), and folders that hold one. None where git may not run, or cannot: in no repository, or one that came as files of
 * the project.
 */
export async function trackedEnvFiles(dir: string, project: string): Promise<PathTest> {
  const { top, paths } = await trackedIn(dir, project, () => [':(icase,glob)**/.env*'])
  const at = rawName(relative(top, realpathSync(dir)))
  const known = new Set(paths.map(path => relative(at, path)))
  const contents = new Set(paths.map(path => contentOf(top, path)).filter(content => content !== ''))
  return (path, isFolder) =>
    isFolder
      ? [...known].some(each => each.startsWith(`${path}/`))
      : known.has(path) || contents.has(contentOf(dir, path))
}

/** '' where it is no file, or none that anybody wrote by hand. */
function contentOf(folder: string, path: string): string {
  const stats = lstatSync(onDisk(folder, path), { throwIfNoEntry: false })
  return stats?.isFile() && stats.size < 1 << 20 ? readFileSync(onDisk(folder, path), 'latin1') : ''
}
