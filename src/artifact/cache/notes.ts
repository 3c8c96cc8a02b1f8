import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { privateFolder } from '../../cache-folder.js'

/**
 * Where it is noted what a build made, what a folder held, or what hosts confirmed: nothing proves it, and a folder of the
 * project may have come with its files. So it lies in the user's cache, for each project by itself. null: there is no cache of
 * ours alone; nothing is noted.
 */
export function notesOf(cacheDir: string, kind: 'builds' | 'seen' | 'records'): string | null {
  const own = privateFolder()
  const project = createHash('sha256').update(cacheDir).digest('hex').slice(0, 32)
  return own && join(own, 'projects', project, kind)
}
