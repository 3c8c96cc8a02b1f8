import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Files } from './recipe.js'

const root = join(import.meta.dirname, '../..')

/** An app as its makers' own program makes it, with this repository's package as a dependency. */
export interface FreshApp {
  /** Its files, without what git ignores. */
  readonly files: () => Files
}

/** Runs commands in an empty folder, of which the first makes the folder `shop`. They need the registry of npm. */
export function freshApp(make: string, ...more: readonly string[]): FreshApp {
  let folder: string
  let shop: string
  const env = { ...process.env, ...settings, NEXT_TELEMETRY_DISABLED: '1' }
  const run = (command: string, cwd: string) => execFileSync('sh', ['-c', command], { cwd, env, stdio: 'pipe' })
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clonedeploy-fresh-'))
    shop = join(folder, 'shop')
    demandRegistry(command => run(command, folder))
    run(make, folder)
    run(`npm pack --ignore-scripts --pack-destination ${shop}`, root)
    run('npm install --save-dev ./clonedeploy-*.tgz', shop)
    for (const command of more) run(command, shop)
  }, 1_200_000)
  afterAll(() => folder && rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return { files: () => ({ ...sources(shop), '.npmrc': 'audit=false\n' }) }
}

/** A lock file that has the addresses: then each build takes from npm's cache what was downloaded once, and asks nobody. */
const settings = {
  npm_config_omit_lockfile_registry_resolved: 'false',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
}

function demandRegistry(run: (command: string) => unknown): void {
  try {
    run('npm ping --fetch-retries=2 --fetch-timeout=60000')
  } catch (error) {
    throw new Error('the registry of npm cannot be reached, from which this test gets its app (npm ping)', {
      cause: error,
    })
  }
}

const built = ['node_modules', '.git', '.next', 'build', '.react-router']

function sources(folder: string, at = ''): Files {
  const names = existsSync(folder) ? readdirSync(join(folder, at)).filter(name => !built.includes(name)) : []
  return Object.assign(
    {},
    ...names.map(name => {
      const path = join(at, name)
      if (lstatSync(join(folder, path)).isDirectory()) return sources(folder, path)
      return { [path]: readFileSync(join(folder, path)) }
    }),
  )
}
