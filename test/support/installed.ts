import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that tests of the examples run, and what brings each. */
const sources = {
  chromium: 'apt-get install chromium',
  haproxy: 'apt-get install haproxy',
  nginx: 'apt-get install nginx-light',
  pm2: 'npm install -g pm2@7',
  'redis-server': 'apt-get install redis-server',
  'systemd-analyze': 'apt-get install systemd',
  visudo: 'apt-get install sudo',
  zstd: 'apt-get install zstd',
} as const

type Program = keyof typeof sources

/** Whether tests with it can run. In CI they always do: a missing program fails there, and is never skipped. */
export function isHere(program: Program): boolean {
  const skip = `CLONEDEPLOY_SKIP_${program.toUpperCase().replaceAll('-', '_')}`
  if (find(program) !== null || process.env.CI || process.env[skip] !== '1') return true
  process.stderr.write(`SKIPPED: tests with ${program}, because ${skip}=1\n`)
  return false
}

/** Its path. Throws what to install when it is missing. */
export function installed(program: Program): string {
  const path = find(program)
  if (path === null) throw new Error(`${program} is missing. Install it: ${sources[program]}`)
  return path
}

/** /usr/sbin too: it is not on everybody's PATH. */
function find(program: Program): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map(folder => join(folder, program)).find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
