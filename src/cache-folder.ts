import { isAbsolute, join } from 'node:path'

const { XDG_CACHE_HOME = '', HOME = '' } = process.env
const caches = [XDG_CACHE_HOME, join(HOME, '.cache')].find(isAbsolute)

/** Where code is kept that was compiled once; null: the environment names no home. Not the temp folder, where others could plant code. */
export const cacheFolder = caches === undefined ? null : join(caches, 'clonedeploy')
