import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { skeleton } from './laravel-app.js'
import { locked, onWebServer, webServer, webUnits } from './php-host.js'
import { walk } from './walk.js'

const routes = `<?php
use App\\Http\\Controllers\\ShopController;
use Illuminate\\Support\\Facades\\Route;
Route::get('/', [ShopController::class, 'home']);
Route::get('/slow', [ShopController::class, 'slow']);
require __DIR__ . '/health.php';
`
const health = 'app/Http/Controllers/HealthController.php'

const programs = ['nginx', 'php-fpm', 'composer', 'php-laravel-framework', 'php-sqlite3']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/laravel.md', { shuffle: false }, () => {
  /** One database for both hosts, as they have in earnest. */
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-laravel-'))
  const database = join(folder, 'db.sqlite')
  writeFileSync(database, '')
  afterAll(() => rmSync(folder, { recursive: true }))

  const scene = walk({
    name: 'laravel',
    hostsOf: 'php',
    programs,
    packaged: webServer,
    units: webUnits(),
    rewrite: onWebServer,
    shared: { '.env': `APP_KEY=base64:${Buffer.alloc(32, 1).toString('base64')}\nDB_DATABASE=${database}\n` },
    app: version => ({
      ...skeleton,
      'composer.lock': locked(skeleton),
      'routes/web.php': routes,
      'resources/views/home.blade.php': `${version}{{ $items === 0 ? '' : 'nothing' }}\n`,
    }),
    broken: ({ [health]: text = '' }) => ({ [health]: text.replace('response(', 'abort(500, ') }),
    refused: { files: { 'config/view.php': '<?php return nowhere();\n' }, says: 'undefined function nowhere' },
    writes: ['bootstrap/cache/config.php', 'storage/framework/views'],
    seamless: true,
    paths: ['/slow'],
  })

  it('has its folders in storage on each host, and its log there', () => {
    for (const { deployTo } of scene.hosts) {
      expect(readFileSync(join(deployTo, 'shared/storage/app/public/.gitignore'), 'utf8')).toBe('*\n!.gitignore\n')
      expect(readFileSync(join(deployTo, 'shared/storage/logs/laravel.log'), 'utf8')).toContain('production.INFO: home')
    }
  })
})
