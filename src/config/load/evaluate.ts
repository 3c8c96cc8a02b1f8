import { mkdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { cacheFolder } from '../../cache-folder.js'
import { indexFile } from '../../package.js'
import { within } from '../../time-limit.js'
import { ConfigError } from '../problems/problem.js'
import { displayPath, show } from '../problems/sentence.js'
import { thrownError } from '../problems/thrown.js'
import { readProjectFile } from './project-file.js'
import { readJson } from './read-json.js'

const patience = 60_000

/** What the config file exports, not yet checked. JSON executes nothing. */
export async function evaluateConfig(file: string, cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const label = displayPath(file, cwd)
  const { text } = await readProjectFile(file, dirname(file)).catch(error => {
    throw new ConfigError(`${label} cannot be read.`, { details: [error.message] })
  })
  const value = extname(file) === '.json' ? readJson(label, text) : await exported(file, text, cwd)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ConfigError(
    `${label} should ${extname(file) === '.json' ? 'hold' : 'export'} an object, not ${show(value)}.`,
  )
}

async function exported(file: string, text: string, cwd: string): Promise<unknown> {
  try {
    const module = await within(patience, importFile(file))
    if ('default' in module) return await within(patience, Promise.resolve(module.default))
    if (/\bmodule\.exports\b/.test(text)) return module
  } catch (error) {
    throw thrownError(error, displayPath(file, cwd), cwd)
  }
  throw new ConfigError(`${displayPath(file, cwd)} exports no config.`, {
    details: ['export default defineConfig({ … })'],
  })
}

/** Babel takes longer to load than all of the program: what it made is kept, and used while the file has the same text. */
async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const kept = keptFolder()
  try {
    return await importThrough(kept, file)
  } catch (error) {
    if (kept === false || !isAbout(kept, error)) throw error
    return importThrough(false, file)
  }
}

/** Whether the system refused what is kept, on a full disk say: such an error names a file there, or none. */
function isAbout(folder: string, error: unknown): boolean {
  if (!(error instanceof Error && 'syscall' in error)) return false
  const { path } = error as NodeJS.ErrnoException
  return path === undefined || path.startsWith(`${folder}/`)
}

/** Nobody else may read it, as there can be secrets in a config, nor write to it: it is run. */
function keptFolder(): string | false {
  if (cacheFolder === null) return false
  const folder = join(cacheFolder, 'config')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(folder)
    return uid === process.getuid?.() && (mode & 0o077) === 0 ? folder : false
  } catch {
    return false
  }
}

async function importThrough(fsCache: string | false, file: string): Promise<Readonly<Record<string, unknown>>> {
  // Not by import: that reads all of its text for the names it exports, which takes three times as long as to run it.
  const { createJiti } = createRequire(import.meta.url)('jiti') as typeof import('jiti')
  const jiti = createJiti(file, {
    fsCache,
    moduleCache: false,
    interopDefault: true,
    // So that it works where it is not installed: under npx, and from source.
    alias: { clonedeploy: indexFile },
  })
  return jiti.import(file)
}
