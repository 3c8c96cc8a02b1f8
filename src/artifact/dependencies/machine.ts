import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import type { Installer } from '../../config/installer.js'

const run = promisify(execFile)

/**
 * What of this machine decides what an installer makes: its version and that of Node, the system, and the settings of
 * the person who runs it. Secrets among them end in a hash.
 */
export async function machineOf(
  command: string,
  installer: Installer | null,
  env: NodeJS.ProcessEnv,
): Promise<readonly unknown[]> {
  const program = installer?.tool ?? /^[\w./-]+/.exec(command.trim())?.[0] ?? ''
  const versions = await Promise.all([
    versionOf('node', env),
    installer === null ? programFile(program, env) : versionOf(installer.tool, env),
  ])
  const { HOME = '', npm_config_userconfig, NPM_CONFIG_USERCONFIG } = env
  const files = [
    '/etc/os-release',
    npm_config_userconfig ?? NPM_CONFIG_USERCONFIG ?? join(HOME, '.npmrc'),
    ...['.yarnrc', '.yarnrc.yml', '.config/pnpm/rc', '.bunfig.toml'].map(name => join(HOME, name)),
  ]
  return [process.version, process.platform, process.arch, versions, files.map(hashOf), settingsIn(env)]
}

/** Asked at the root, where no file of a project has a say. What does not answer is told apart by its file. */
async function versionOf(tool: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  try {
    const { stdout } = await run(tool, ['--version'], { cwd: '/', env, timeout: 20_000 })
    return stdout
  } catch {
    return programFile(tool, env)
  }
}

function programFile(program: string, env: NodeJS.ProcessEnv): readonly unknown[] | null {
  const names = isAbsolute(program) ? [program] : (env.PATH ?? '').split(delimiter).map(dir => join(dir, program))
  for (const name of names) {
    const stats = statSync(name, { throwIfNoEntry: false })
    if (stats?.isFile()) return [realpathSync(name), stats.size, stats.mtimeMs]
  }
  return null
}

function hashOf(file: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return null
  }
}

const ofInstallers = /^(npm_config|pnpm|yarn|bun|bundle|gem|composer|pip|poetry|uv|cargo)_|^node_(env|options)$/i

function settingsIn(env: NodeJS.ProcessEnv): readonly (readonly [string, unknown])[] {
  return Object.entries(env)
    .filter(([name]) => ofInstallers.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
