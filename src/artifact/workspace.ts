import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

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
    const dir = join(slot, 'source')
    mkdirSync(dir)
    return await work(dir)
  } finally {
    removeTree(slot)
  }
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
