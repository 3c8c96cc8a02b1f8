import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { locked, onWebServer, poolFile, webServer, webUnits } from './php-host.js'
import { ask } from './traffic.js'
import { walk } from './walk.js'

/** A package in the repository itself: no index is asked. */
const composer = {
  'composer.json': JSON.stringify({
    name: 'acme/shop',
    repositories: [{ type: 'path', url: 'packages/*', options: { symlink: false } }, { 'packagist.org': false }],
    require: { 'acme/version': '1.0.0' },
  }),
  'packages/version/composer.json': JSON.stringify({
    name: 'acme/version',
    version: '1.0.0',
    autoload: { 'psr-4': { 'Acme\\': 'src/' } },
  }),
}

const users = `
if ($_SERVER['REQUEST_URI'] === '/slow') usleep(500000);
echo Acme\\Version::TEXT;
`

const programs = ['nginx', 'php-fpm', 'composer']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/php.md', { shuffle: false }, () => {
  const scene = walk({
    name: 'php',
    programs,
    packaged: webServer,
    units: webUnits(),
    rewrite: onWebServer,
    app: (text, { 'public/index.php': index }) => ({
      ...composer,
      'composer.lock': locked(composer),
      'packages/version/src/Version.php': `<?php namespace Acme; class Version { const TEXT = '${text}'; }\n`,
      'public/index.php': index + users,
      '.gitignore': 'vendor/\n',
    }),
    broken: ({ 'public/index.php': index = '' }) => ({
      'public/index.php': index.replace('{\n', '{\n    http_response_code(500);\n') + users,
    }),
    writes: [],
    seamless: true,
    paths: ['/slow'],
  })

  /** nginx names the script by the link, and PHP remembers for minutes where that led, each worker for itself: here is one. */
  async function throughTheLink(): Promise<void> {
    for (const { machine, port } of scene.hosts) {
      const edit = (path: string, change: (text: string) => string) => {
        const file = join(machine.folder, path)
        writeFileSync(file, change(readFileSync(file, 'utf8')))
      }
      edit('etc/nginx/sites-enabled/shop', text => text.replaceAll('$realpath_root', '$document_root'))
      edit(poolFile, text => text.replace(/^pm = .*$/m, 'pm = static').replace(/(max_children) = .*/, '$1 = 1'))
      machine.systemctl('restart', ...webUnits())
      await vi.waitFor(() => ask(`http://127.0.0.1:${port}/healthz`), { timeout: 300_000 })
    }
  }

  it('is found to show the old code where nginx hands PHP the link and nobody reloads it', async () => {
    await throughTheLink()
    const config = join(scene.project.root, 'deploy.config.ts')
    const text = readFileSync(config, 'utf8')
    writeFileSync(config, text.replace("'1m'", "'5s'").replace(/,? \}\s*$/, ', restart: undefined }\n'))
    const { code, stderr } = await scene.deploy('three')
    expect(code).toBe(5)
    expect(stderr).toContain('but the app does not say that it serves')
    writeFileSync(config, text)
    const ended = await scene.deploy('four')
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, ''])
  })
})
