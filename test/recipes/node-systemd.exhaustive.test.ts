import { describe } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { packageOf, packedApp, serverBelow } from './packed.js'
import { walk } from './walk.js'

const version = (shown: string, status = 200) => `export const text = '${shown}'\nexport const status = ${status}\n`

describe.skipIf(!sshdIsHere())('docs/recipes/node-systemd.md', { shuffle: false }, () => {
  const files = packedApp({ 'package.json': packageOf('shop', '.'), 'src/server.js': serverBelow('.') })
  walk({
    name: 'node-systemd',
    programs: [],
    shared: { '.env': 'PORT=3000\n' },
    app: shown => ({ ...files(), 'src/version.js': version(shown) }),
    broken: () => ({ 'src/version.js': version('bad', 500) }),
    writes: [],
    seamless: false,
  })
})
