import { mkdirSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

const { XDG_CACHE_HOME = '', HOME = '' } = process.env
const caches = [XDG_CACHE_HOME, join(HOME, '.cache')].find(isAbsolute)

/** Where code is kept that was compiled once; null: the environment names no home. Not the temp folder, where others could plant code. */
export const cacheFolder = caches === undefined ? null : join(caches, 'clonedeploy')

/** The same for what is believed: it is ours, and nobody else writes there. */
export function privateFolder(): string | null {
  if (cacheFolder === null) return null
  try {
    mkdirSync(cacheFolder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(cacheFolder)
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? cacheFolder : null
  } catch {
    return null
  }
}
