import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { privateFolder } from '../../cache-folder.js'

/**
 * The folder of our copy of a remote repository. It lies in the user's cache: a folder of the project may have come with
 * its files, settings and all. Without a cache of ours alone, the copy is made anew each time.
 */
export function mirrorFolder(url: string, cacheDir: string): string {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 16)
  const own = privateFolder()
  const path = join(own ?? cacheDir, 'git', name)
  if (own === null) rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}
