/**
 * The hosts of the demo, as many as HOSTS says, in FOLDER; says so when they are up. Each has a folder of its own at SHARED, as if
 * it had that disk for itself. Needs root.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbeddedHosts } from '../../src/embedded/hosts.js'

const { HOSTS, FOLDER = '', SHARED = '', PATH = '' } = process.env
const bin = join(FOLDER, 'bin')
mkdirSync(bin, { recursive: true })
writeFileSync(
  join(bin, 'sh'),
  `#!/bin/sh
exec unshare --mount /bin/sh -c 'mkdir -p "$HOME/disk" && mount --bind "$HOME/disk" ${SHARED} && exec /bin/sh "$@"' sh "$@"
`,
)
chmodSync(join(bin, 'sh'), 0o755)
process.env.PATH = `${bin}:${PATH}`
await startEmbeddedHosts({ count: Number(HOSTS), dir: FOLDER })
process.stdout.write('up\n')
