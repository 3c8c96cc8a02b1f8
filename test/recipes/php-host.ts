import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { writeFiles } from '../support/files.js'
import type { Files, RecipeHost, Texts } from './recipe.js'

const { username } = userInfo()

/** What Debian's packages of nginx and php-fpm put on a host, for folders and a login of this test. */
export function webServer(host: RecipeHost): Texts {
  const { folder } = host.machine
  const version = phpVersion()
  const pool = `${folder}/etc/php/${version}/fpm`
  return {
    [`/etc/systemd/system/php${version}-fpm.service`]: `[Service]
ExecStart=/usr/sbin/php-fpm${version} --nodaemonize --allow-to-run-as-root --fpm-config ${pool}/php-fpm.conf
ExecReload=/bin/kill -USR2 $MAINPID
`,
    [`/etc/php/${version}/fpm/php-fpm.conf`]: `[global]
error_log = ${folder}/journal
include = ${pool}/pool.d/*.conf
`,
    ...nginx(host),
  }
}

export function nginx({ machine: { folder } }: RecipeHost): Texts {
  return {
    '/etc/systemd/system/nginx.service': `[Service]
ExecStart=/usr/sbin/nginx -c ${folder}/etc/nginx/nginx.conf
ExecReload=/bin/kill -HUP $MAINPID
`,
    '/etc/nginx/fastcgi_params': 'include /etc/nginx/fastcgi_params;\n',
    '/etc/nginx/nginx.conf': `user ${username};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/journal;
events {}
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `  ${name}_temp_path ${folder}/${name};\n`).join('')}
  include ${folder}/etc/nginx/sites-enabled/*;
}
`,
  }
}

/** A text of a page with the port, the socket, the login and the version of PHP of this test. */
export function onWebServer(text: string, { port, machine: { folder } }: RecipeHost): string {
  return text
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replaceAll('/run/php/', `${folder}/`)
    .replace(/^(user|group|listen\.owner|listen\.group) = .*$/gm, `$1 = ${username}`)
    .replaceAll('8.2', phpVersion())
}

/** The version that the page names is Debian 12's. */
function phpVersion(): string {
  const found = readdirSync('/usr/sbin').flatMap(name => /^php-fpm(\d.*)$/.exec(name)?.[1] ?? [])
  return found[0] ?? '8.2'
}

/** Where the page's pool is. */
export const poolFile = `etc/php/${phpVersion()}/fpm/pool.d/shop.conf`

/** What an administrator reloads once. */
export function webUnits(): readonly string[] {
  return [`php${phpVersion()}-fpm`, 'nginx']
}

/** The composer.lock of an app: Composer installs from nothing else on a machine that deploys. */
export function locked(app: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-composer-'))
  try {
    writeFiles(folder, app)
    execFileSync('composer', ['update', '--no-install', '--no-interaction', '--quiet'], { cwd: folder })
    return readFileSync(join(folder, 'composer.lock'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
