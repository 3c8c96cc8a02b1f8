import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import zlib from 'node:zlib'

/** What tests run, and what brings it: a package of Debian and Ubuntu, or one of npm. */
export interface Program {
  /** Of a program on the PATH; of a package, where that is what is looked for. */
  readonly name: string
  /** It has no program of its own name. */
  readonly isPackage?: true
  readonly apt?: string
  readonly npm?: string
  /** What its package starts, now and at boot. */
  readonly units?: readonly string[]
  /** The recipes whose tests alone need it: a slice without them does not install it. */
  readonly recipes?: readonly string[]
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
  { name: 'curl', apt: 'curl' },
  // A Node that compresses by zstd sends that to hosts that have the program.
  ...('zstdCompress' in zlib ? [zstd] : []),
]

const php = ['php', 'php-fpm-warm', 'laravel', 'symfony']

/** What the tests of a tier run, beside Node, npm and what every Linux has. */
export const programs: Readonly<Record<Tier, readonly Program[]>> = {
  everyday,
  exhaustive: [
    ...everyday.filter(program => program !== zstd),
    zstd,
    { name: 'wget', apt: 'wget' },
    { name: 'zsh', apt: 'zsh' },
    { name: 'fish', apt: 'fish' },
    { name: 'tcsh', apt: 'tcsh' },
    { name: 'dropbear', apt: 'dropbear-bin' },
    { name: 'tinysshd', apt: 'tinysshd', units: ['tinysshd.socket'] },
    { name: 'toybox', apt: 'toybox' },
    { name: 'locale-gen', apt: 'locales' },
    { name: 'nginx', apt: 'nginx-light', units: ['nginx.service'] },
    { name: 'haproxy', apt: 'haproxy', units: ['haproxy.service'] },
    { name: 'redis-server', apt: 'redis-server', units: ['redis-server.service'] },
    { name: 'radosgw', apt: 'radosgw', units: ['ceph-radosgw.target'] },
    { name: 'radosgw-admin', apt: 'ceph-common' },
    { name: 'ceph-mon', apt: 'ceph-mon', units: ['ceph-mon.target', 'ceph-mon.service', 'ceph.target'] },
    { name: 'ceph-osd', apt: 'ceph-osd', units: ['ceph-osd.target'] },
    { name: 'ceph', apt: 'ceph-common' },
    { name: 'ceph-authtool', apt: 'ceph-common' },
    { name: 'monmaptool', apt: 'ceph-base' },
    { name: 'systemd-analyze', apt: 'systemd' },
    {
      name: 'cloud-init',
      apt: 'cloud-init',
      units: ['cloud-init*.service', 'cloud-init*.socket', 'cloud-config.service', 'cloud-final.service'],
    },
    { name: 'packer', apt: 'packer' },
    { name: 'shellcheck', apt: 'shellcheck' },
    { name: 'visudo', apt: 'sudo' },
    { name: 'setfacl', apt: 'acl' },
    { name: 'ansible-inventory', apt: 'ansible-core' },
    { name: 'spin', apt: 'spin' },
    // Its package brings gcc with the headers that gcc's own only recommends.
    { name: 'g++', apt: 'g++' },
    { name: 'chromium', apt: 'chromium' },
    { name: 'pm2', npm: 'pm2@7.0.4' },
    { name: 'gunicorn', isPackage: true, apt: 'gunicorn', recipes: ['flask', 'django', 'gunicorn-warm'] },
    { name: 'python3-flask', isPackage: true, apt: 'python3-flask', recipes: ['flask', 'gunicorn-warm'] },
    { name: 'python3-venv', isPackage: true, apt: 'python3-venv', recipes: ['flask'] },
    { name: 'python3-django', isPackage: true, apt: 'python3-django', recipes: ['django'] },
    { name: 'php', apt: 'php-cli', recipes: php },
    { name: 'php-fpm', isPackage: true, apt: 'php-fpm', units: ['php*-fpm.service'], recipes: php },
    { name: 'php-laravel-framework', isPackage: true, apt: 'php-laravel-framework', recipes: ['laravel'] },
    { name: 'php-sqlite3', isPackage: true, apt: 'php-sqlite3', recipes: ['laravel'] },
    {
      name: 'php-symfony-framework-bundle',
      isPackage: true,
      apt: 'php-symfony-framework-bundle',
      recipes: ['symfony'],
    },
    { name: 'php-symfony-dotenv', isPackage: true, apt: 'php-symfony-dotenv', recipes: ['symfony'] },
    { name: 'composer', apt: 'composer', recipes: php },
    { name: 'puma', apt: 'puma', recipes: ['rails', 'sinatra', 'puma-warm'] },
    { name: 'unicorn', apt: 'unicorn', units: ['unicorn.service'], recipes: ['unicorn-warm'] },
    { name: 'bundle', apt: 'ruby-bundler', recipes: ['rails', 'sinatra'] },
    { name: 'ruby-sinatra', isPackage: true, apt: 'ruby-sinatra', recipes: ['sinatra'] },
    { name: 'rails', apt: 'ruby-rails', recipes: ['rails'] },
    { name: 'ruby-sqlite3', isPackage: true, apt: 'ruby-sqlite3', recipes: ['rails'] },
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

/** Its path; null when it is not here. Of a package, the list of its files. */
export function find(name: string): string | null {
  if (programs.exhaustive.some(program => program.name === name && program.isPackage)) {
    const list = `/var/lib/dpkg/info/${name}.list`
    return existsSync(list) ? list : null
  }
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
