import { describe } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { readPage } from './page.js'
import { locked, onWebServer, webServer, webUnits } from './php-host.js'
import { walk } from './walk.js'

const composer = {
  'composer.json': JSON.stringify({ name: 'acme/shop', autoload: { files: ['version.php'] } }),
}
const users = `
if ($_SERVER['REQUEST_URI'] === '/slow') usleep(500000);
echo VERSION;
`
/** That of the page whose hosts these are. */
const index = readPage('php').appFiles['public/index.php'] ?? ''

const programs = ['nginx', 'php-fpm', 'composer', 'curl']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/php-fpm-warm.md', { shuffle: false }, () => {
  walk({
    name: 'php-fpm-warm',
    hostsOf: 'php',
    programs,
    packaged: webServer,
    units: webUnits(),
    rewrite: onWebServer,
    app: version => ({
      ...composer,
      'composer.lock': locked(composer),
      'version.php': `<?php const VERSION = '${version}';\n`,
      'public/index.php': index + users,
      '.gitignore': 'vendor/\n',
    }),
    broken: () => ({ 'public/index.php': index.replace('{\n', '{\n    http_response_code(500);\n') + users }),
    refused: { files: { 'version.php': '<?php nowhere();\n' }, says: /The requested URL returned error: 500/ },
    writes: [],
    seamless: true,
    warm: true,
    paths: ['/slow'],
  })
})
