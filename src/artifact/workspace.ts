import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { privateFolder } from '../cache-folder.js'
import { isWithin, worktreeOf } from './git/discover.js'
import { withoutRepository } from './git/git.js'

/**
 * Runs `work` in an empty folder below `all` and removes it afterwards, whatever happens. The folder has the same path each
 * time unless it is taken just then: builds often write their path into files, which are then the same again. First it
 * removes what processes left that ended before they could clean up.
 */
export async function inWorkspace<T>(all: string, work: (dir: string) => Promise<T>): Promise<T> {
  mkdirSync(all, { recursive: true, mode: 0o700 })
  sweep(all)
  const slot = claim(all)
  try {
    const dir = folderIn(slot)
    mkdirSync(dir)
    return await work(dir)
  } finally {
    removeTree(slot)
  }
}

/** The folder that `inWorkspace` gives where nobody else builds just then. */
export function firstFolderIn(all: string): string {
  return folderIn(join(all, '1'))
}

function folderIn(slot: string): string {
  return join(slot, 'source')
}

function sweep(all: string): void {
  for (const name of readdirSync(all)) {
    const slot = join(all, name)
    if (isAbandoned(slot)) removeTree(slot)
  }
}

/** A checkout may hold paths that are too long to be named from the root; rm goes from folder to folder. */
function removeTree(dir: string): void {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error
    execFileSync('rm', ['-rf', '--', dir], { stdio: 'ignore' })
  }
}

function claim(all: string): string {
  for (let number = 1; ; number++) {
    const slot = join(all, `${number}`)
    if (!tryMake(slot)) continue
    writeFileSync(join(slot, 'owner'), `${process.pid} ${hostname()}\n`)
    return slot
  }
}

function tryMake(dir: string): boolean {
  try {
    mkdirSync(dir, { mode: 0o700 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Without an owner it is being made; one of another machine (a shared cache) is judged by its age. */
function isAbandoned(slot: string): boolean {
  try {
    const [pid, host] = readFileSync(join(slot, 'owner'), 'utf8').trim().split(' ')
    return host === hostname() ? !isAlive(Number(pid)) : isOlderThan(24, slot)
  } catch {
    return isOlderThan(1, slot)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const hour = 3_600_000

function isOlderThan(hours: number, slot: string): boolean {
  const made = statSync(slot, { throwIfNoEntry: false })
  return made !== undefined && Date.now() - made.mtimeMs > hours * hour
}

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

/**
 * The environment of this process for a build in a checkout: without what npm, npx and pnpm put there that leads back into
 * the project, where other packages may be installed than the commit asks for.
 */
export function checkoutEnv(env: NodeJS.ProcessEnv, project: string): NodeJS.ProcessEnv {
  const clean = Object.entries(withoutRepository(env)).filter(([name]) => !aboutTheProject.test(name))
  return Object.fromEntries(
    clean.map(([name, value = '']) => [name, isPath(name) ? outside(value, project) : value] as const),
  )
}

/** What npm says of the package that it runs a command for. */
const aboutTheProject = /^(INIT_CWD|npm_command|npm_config_local_prefix|npm_(package|lifecycle)_.*)$/

function isPath(name: string): boolean {
  return name === 'PATH' || name === 'NODE_PATH'
}

function outside(path: string, project: string): string {
  return path
    .split(delimiter)
    .filter(entry => !isOfProject(entry, project))
    .join(delimiter)
}

/** A `node_modules` in the project or in a folder above it, or the one that npx installed us in. */
function isOfProject(entry: string, project: string): boolean {
  const [holder = '', ...rest] = entry.split(/\/node_modules(?=\/|$)/)
  if (rest.length === 0) return false
  return isWithin(project, holder) || isWithin(holder || '/', project) || basename(dirname(holder)) === '_npx'
}
