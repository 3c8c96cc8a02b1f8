import { describe } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { locked, onWebServer, webServer, webUnits } from './php-host.js'
import { skeleton } from './symfony-app.js'
import { walk } from './walk.js'

const routes = `<?php
use App\\Controller\\{Health, Shop};
use Symfony\\Component\\Routing\\Loader\\Configurator\\RoutingConfigurator;
return function (RoutingConfigurator $routes) {
    $routes->add('home', '/')->controller(Shop::class);
    $routes->add('slow', '/slow')->controller(Shop::class)->defaults(['wait' => 500000]);
    $routes->add('healthz', '/healthz')->controller(Health::class);
};
`
const shop = (version: string) => `<?php namespace App\\Controller;
use Symfony\\Component\\HttpFoundation\\Response;
class Shop
{
    public function __invoke(int $wait = 0): Response { usleep($wait); return new Response('${version}'); }
}
`
const health = 'src/Controller/Health.php'

const programs = ['nginx', 'php-fpm', 'composer', 'php-symfony-framework-bundle', 'php-symfony-dotenv']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/symfony.md', { shuffle: false }, () => {
  walk({
    name: 'symfony',
    hostsOf: 'php',
    programs,
    packaged: webServer,
    units: webUnits(),
    rewrite: onWebServer,
    shared: { '.env.local': 'APP_ENV=prod\nAPP_SECRET=a\n' },
    app: version => ({
      ...skeleton,
      'composer.lock': locked(skeleton),
      'config/routes.php': routes,
      'src/Controller/Shop.php': shop(version),
    }),
    broken: ({ [health]: text = '' }) => ({ [health]: text.replace("'/REVISION')", "'/REVISION'), 500") }),
    refused: {
      files: { 'src/Controller/Shop.php': shop('bad').replace('int $wait', 'private Nowhere $wait') },
      says: 'Fatal error',
    },
    writes: ['var/cache/prod'],
    seamless: true,
    paths: ['/slow'],
  })
})
