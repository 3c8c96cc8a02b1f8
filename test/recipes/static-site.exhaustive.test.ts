import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { document } from '../docs/markdown.js'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { json } from './packed.js'
import { nginx, onWebServer } from './php-host.js'
import type { RecipeHost } from './recipe.js'
import { startTraffic } from './traffic.js'
import { walk } from './walk.js'

/** The server of the example that the page names, pointed at the folder that the page names. */
function site(host: RecipeHost) {
  const text = document('examples/static-nginx/nginx/site.conf')
  const served = text.replace('/srv/site/current', join(host.deployTo, 'current/dist'))
  return { ...nginx(host), '/etc/nginx/sites-enabled/site': onWebServer(served, host) }
}

const building = (page: string) => ({
  'package.json': json({ scripts: { build: `mkdir dist && cp ${page} dist/` } }),
  'package-lock.json': json({ lockfileVersion: 3, packages: { '': {} } }),
})

describe.skipIf(!sshdIsHere() || !isHere('nginx'))('docs/recipes/static-site.md', { shuffle: false }, () => {
  const scene = walk({
    name: 'static-site',
    programs: ['nginx'],
    packaged: site,
    units: ['nginx'],
    app: version => ({ ...building('index.html'), 'index.html': `${version}\n`, 'about.html': `${version}\n` }),
    broken: () => building('about.html'),
    writes: [],
    // What is broken is what users ask for.
    seamless: false,
  })

  it('shows the next release without a request that fails', async () => {
    const traffic = await startTraffic(scene.hosts.map(({ port }) => `http://127.0.0.1:${port}/`))
    const { code } = await scene.deploy('three').finally(() => traffic.stop())
    expect([code, await traffic.stop()]).toEqual([0, { failed: [], bodies: ['one', 'three'] }])
  })
})
