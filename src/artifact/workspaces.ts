import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { privateFolder } from '../cache-folder.js'
import { isWithin, worktreeOf } from './git/discover.js'

/**
 * Where a project is built: in the user's cache, with nothing of the project above it, because tools look for packages, lock
 * files and settings in every folder above theirs. Each project has a folder of its own, the same each time.
 */
export function workspacesOf(root: string): string {
  const project = realpathSync(root)
  const hash = createHash('sha256').update(project).digest('hex').slice(0, 8)
  return join(
    baseFor(project),
    'workspaces',
    `${basename(project)
      .replace(/[^\w.-]/g, '_')
      .slice(0, 32)}-${hash}`,
  )
}

/** In CI a cache often lies in the project. */
function baseFor(project: string): string {
  const own = privateFolder()
  const top = worktreeOf(project)?.top ?? project
  return own === null || isWithin(top, realpathSync(own)) ? temporaryBase() : realpathSync(own)
}

/** The temp folder belongs to everybody: a folder that somebody else has put there is not used. */
function temporaryBase(): string {
  const all = realpathSync(tmpdir())
  const own = join(all, `clonedeploy-${process.getuid?.()}`)
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 })
  } catch {
    // Then it is no folder, as is found out below.
  }
  const stats = lstatSync(own, { throwIfNoEntry: false })
  const isOurs = stats?.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0
  return isOurs ? own : mkdtempSync(join(all, 'clonedeploy-'))
}
