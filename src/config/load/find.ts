import { stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { ConfigError } from '../problems/problem.js'
import { displayPath } from '../problems/sentence.js'

const extensions = ['.ts', '.mts', '.js', '.mjs', '.json']

/** The config file named, or the nearest one in `cwd` and the folders above it. */
export async function findConfig(cwd: string, file: string | undefined): Promise<string> {
  if (file !== undefined) return namedFile(cwd, file)
  const folders = foldersUp(resolve(cwd))
  for (const folder of folders) {
    const found = await configsIn(folder)
    if (found.length > 1) throw tooMany(found, cwd)
    if (found[0] !== undefined) return found[0]
  }
  throw notFound(folders)
}

async function namedFile(cwd: string, file: string): Promise<string> {
  const path = resolve(cwd, file)
  if (!(await isFile(path))) throw new ConfigError(`${file} is not there.`, { details: [`looked for ${path}`] })
  if (extensions.includes(extname(path))) return path
  throw new ConfigError(`${file} is no config: its name should end in ${extensions.join(', ')}.`)
}

async function configsIn(folder: string): Promise<readonly string[]> {
  const paths = extensions.map(extension => resolve(folder, `deploy.config${extension}`))
  const there = await Promise.all(paths.map(isFile))
  return paths.filter((_, i) => there[i])
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found?.isFile() ?? false
}

function foldersUp(folder: string): readonly string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...foldersUp(above)]
}

function tooMany(found: readonly string[], cwd: string): ConfigError {
  return new ConfigError(`There are ${found.length} configs in one folder.`, {
    details: found.map(path => displayPath(path, cwd)),
    next: [`keep one of them, or name it: clonedeploy config --config ${displayPath(found[0] ?? 'FILE', cwd)}`],
  })
}

/** Nobody wrote a config here: some commands can do without. */
export class NoConfigError extends ConfigError {
  override name = 'NoConfigError'
}

function notFound(folders: readonly string[]): ConfigError {
  return new NoConfigError('There is no deploy.config.ts here, nor in a folder above.', {
    details: [`looked for deploy.config{${extensions.join(',')}} in ${folders.join(', ')}`],
    next: ['write one: clonedeploy init'],
  })
}
