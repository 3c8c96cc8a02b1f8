import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import zlib from 'node:zlib'

/** A program that tests run, and what brings it: a package of Debian and Ubuntu, or one of npm. */
export interface Program {
  readonly name: string
  readonly apt?: string
  readonly npm?: string
  /** What its package starts, now and at boot. */
  readonly units?: readonly string[]
}

export type Tier = 'everyday' | 'exhaustive'

/** Where npm puts what the exhaustive tests alone need: pm2 has 77 packages, too many for everybody's `npm ci`. */
export const npmFolder = join(import.meta.dirname, '../../node_modules/.cache/clonedeploy-tests')

const zstd: Program = { name: 'zstd', apt: 'zstd' }
const everyday: readonly Program[] = [
  { name: 'sshd', apt: 'openssh-server', units: ['ssh.service', 'ssh.socket'] },
  { name: 'ssh', apt: 'openssh-client' },
  { name: 'git', apt: 'git' },
  { name: 'tar', apt: 'tar' },
  { name: 'ps', apt: 'procps' },
  { name: 'setsid', apt: 'util-linux' },
  { name: 'dash', apt: 'dash' },
  { name: 'busybox', apt: 'busybox' },
  // A Node that compresses by zstd sends that to hosts that have the program.
  ...('zstdCompress' in zlib ? [zstd] : []),
]

/** What the tests of a tier run, beside Node, npm and what every Linux has. */
export const programs: Readonly<Record<Tier, readonly Program[]>> = {
  everyday,
  exhaustive: [
    ...everyday.filter(program => program !== zstd),
    zstd,
    { name: 'zsh', apt: 'zsh' },
    { name: 'fish', apt: 'fish' },
    { name: 'tcsh', apt: 'tcsh' },
    { name: 'dropbear', apt: 'dropbear-bin' },
    { name: 'nginx', apt: 'nginx-light', units: ['nginx.service'] },
    { name: 'haproxy', apt: 'haproxy', units: ['haproxy.service'] },
    { name: 'redis-server', apt: 'redis-server', units: ['redis-server.service'] },
    { name: 'systemd-analyze', apt: 'systemd' },
    { name: 'visudo', apt: 'sudo' },
    { name: 'setfacl', apt: 'acl' },
    { name: 'chromium', apt: 'chromium' },
    { name: 'pm2', npm: 'pm2@7.0.4' },
  ],
}

/** The variable that skips the tests with it on a machine that does not have it. */
export function skipOf(name: string): string {
  return `CLONEDEPLOY_SKIP_${name.toUpperCase().replaceAll('-', '_')}`
}

/** Whether tests with it are skipped here. In CI they never are: there, a missing program fails them. */
export function isSkipped(name: string, env: NodeJS.ProcessEnv = process.env): boolean {
  return !env.CI && env[skipOf(name)] === '1' && find(name) === null
}

/** Its path; null when it is not here. */
export function find(name: string): string | null {
  return (
    folders()
      .map(folder => join(folder, name))
      .find(isExecutable) ?? null
  )
}

/** /usr/sbin too: it is not on everybody's PATH. */
function folders(): readonly string[] {
  const own = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '')
  return [...own, '/usr/sbin', '/sbin', join(npmFolder, 'node_modules/.bin')]
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
