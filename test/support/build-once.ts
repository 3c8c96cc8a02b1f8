import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryFolder } from './memory-folder.js'

const root = join(import.meta.dirname, '../..')

/** The program as users start it; a temporary folder and a cache of the run's own; gives what removes both. */
export function setup(): () => void {
  const dir = memoryFolder() ?? mkdtempSync(join(tmpdir(), 'clonedeploy-'))
  process.env.TMPDIR = dir
  process.env.XDG_CACHE_HOME = join(dir, 'cache')
  build()
  return () => rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
}

/** The end-to-end tests start the program from `dist`: it is made here when the source is newer. */
function build(): void {
  const built = join(root, 'dist/cli.js')
  if (existsSync(built) && oldest(join(root, 'dist')) > newest(join(root, 'src'))) return
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
}

function newest(dir: string): number {
  return Math.max(...times(dir))
}

function oldest(dir: string): number {
  return Math.min(...times(dir))
}

function times(dir: string): number[] {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files.map(entry => statSync(join(entry.parentPath, entry.name)).mtimeMs)
}
