import { assetsOf } from './node-build.js'
import type { Folder, Recognised, Recogniser } from './recognised.js'

const composer = 'composer install --no-dev --no-interaction --no-progress --optimize-autoloader'

/** The version in its name is that of Debian 12: `check` says where a host has no such unit. */
const restart = () => ({ systemd: 'php8.2-fpm', reload: true })

export const recogniseLaravel: Recogniser = folder =>
  folder.has('artisan')
    ? {
        kind: 'Laravel',
        recipe: 'laravel',
        config: {
          ...built(folder, composer),
          shared: { dirs: ['storage/app', 'storage/logs'], files: ['.env'] },
          writable: ['bootstrap/cache', 'storage/framework'],
          prepare: [
            'php artisan config:cache',
            'php artisan route:cache',
            'php artisan view:cache',
            { run: 'php artisan migrate --force', once: true },
          ],
        },
        restart,
        ...(folder.text('bootstrap/app.php').includes("'/up'") ? { health: 'http://127.0.0.1/up' } : {}),
      }
    : null

export const recogniseSymfony: Recogniser = folder => {
  if (!folder.has('symfony.lock') && !(folder.has('bin/console') && folder.has('config/bundles.php'))) return null
  const migrate = { run: 'php bin/console doctrine:migrations:migrate --no-interaction', once: true }
  return {
    kind: 'Symfony',
    recipe: 'symfony',
    config: {
      ...built(folder, `${composer} --no-scripts`),
      env: { APP_ENV: 'prod' },
      shared: { dirs: ['var/log'], files: ['.env.local'] },
      writable: ['var/cache'],
      prepare: [
        'php bin/console cache:clear',
        ...(folder.has('config/packages/doctrine_migrations.yaml') ? [migrate] : []),
      ],
    },
    restart,
  }
}

export const recognisePhp: Recogniser = folder => {
  const marks = ['composer.json', 'public/index.php', 'index.php']
  if (!marks.some(folder.has)) return null
  const config = folder.has('composer.json') ? built(folder, composer) : built(folder)
  return { kind: 'PHP', recipe: 'php', config, restart }
}

/** vendor/ is built once, for all hosts, and so are assets, whose packages no host needs. */
function built(folder: Folder, ...commands: readonly string[]): Recognised['config'] {
  const assets = assetsOf(folder)
  return { build: [...commands, ...assets], include: assets.length === 0 ? [] : ['!node_modules'] }
}
