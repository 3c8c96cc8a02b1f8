import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** The end-to-end tests start the program as users do, from `dist`: it is made here when the source is newer. */
export function setup(): void {
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
