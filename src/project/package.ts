import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJson } from '../config/load/read-json.js'

type Manager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** What a package.json says, as far as a deploy is concerned. */
export interface Package {
  /** Without its scope; null where it has none. */
  readonly name: string | null
  readonly manager: Manager
  /** The command that installs what it depends on: exactly what was locked, where something is. */
  readonly install: string
  readonly scripts: ReadonlyMap<string, string>
  /** Names of everything that it depends on, also for development. */
  readonly dependencies: ReadonlySet<string>
  readonly needs: Needs
  readonly main: string | null
  /** Whether it is the root of a workspace. */
  readonly workspaces: boolean
}

/** Which packages have to be installed: any (clonedeploy alone is none), some to run, some only to build. */
interface Needs {
  readonly any: boolean
  readonly production: boolean
  readonly development: boolean
}

/** The package.json of a folder; null when there is none. Throws ConfigError for one that is no JSON. */
export function readPackage(folder: string): Package | null {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return null
  const said = objectOf(readJson('package.json', readFileSync(file, 'utf8')))
  const lock = lockOf(folder)
  const manager = lock?.manager ?? managerOf(said.packageManager)
  const production = Object.keys(objectOf(said.dependencies))
  const development = Object.keys(objectOf(said.devDependencies))
  const all = [...production, ...development]
  return {
    name: nameOf(said.name),
    manager,
    install: lock?.install ?? `${manager} install`,
    scripts: new Map(Object.entries(objectOf(said.scripts)).map(([name, command]) => [name, String(command)])),
    dependencies: new Set(all),
    needs: {
      any: all.some(name => name !== 'clonedeploy'),
      production: production.length > 0,
      development: development.length > 0,
    },
    main: typeof said.main === 'string' ? said.main : null,
    workspaces: said.workspaces !== undefined,
  }
}

interface Lock {
  readonly manager: Manager
  readonly install: string
}

const locks: readonly (readonly [file: string, lock: Lock])[] = [
  ['package-lock.json', { manager: 'npm', install: 'npm ci' }],
  ['npm-shrinkwrap.json', { manager: 'npm', install: 'npm ci' }],
  ['pnpm-lock.yaml', { manager: 'pnpm', install: 'pnpm install --frozen-lockfile' }],
  ['yarn.lock', { manager: 'yarn', install: 'yarn install --immutable' }],
  ['bun.lock', { manager: 'bun', install: 'bun install --frozen-lockfile' }],
  ['bun.lockb', { manager: 'bun', install: 'bun install --frozen-lockfile' }],
]

/** A workspace has one for all its packages, further up; outside of the repository is none of ours. */
function lockOf(folder: string): Lock | null {
  const [file, lock] = locks.find(([name]) => existsSync(join(folder, name))) ?? []
  if (file !== undefined && lock !== undefined) return isFirstYarn(join(folder, file)) ? firstYarn : lock
  const above = dirname(folder)
  return above === folder || existsSync(join(folder, '.git')) ? null : lockOf(above)
}

const firstYarn: Lock = { manager: 'yarn', install: 'yarn install --frozen-lockfile' }

function isFirstYarn(file: string): boolean {
  return file.endsWith('yarn.lock') && /^# yarn lockfile v1$/m.test(readFileSync(file, 'utf8'))
}

function managerOf(said: unknown): Manager {
  const name = typeof said === 'string' ? said.split('@')[0] : undefined
  return locks.find(([, { manager }]) => manager === name)?.[1].manager ?? 'npm'
}

function nameOf(said: unknown): string | null {
  const plain = typeof said === 'string' ? said.replace(/^@[^/]*\//, '') : ''
  return /^\w[\w.-]*$/.test(plain) ? plain : null
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
