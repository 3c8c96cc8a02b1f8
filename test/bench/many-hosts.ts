/** The hosts of the demo, as many as HOSTS says, in FOLDER; says so when they are up. */
import { startEmbeddedHosts } from '../../src/embedded/hosts.js'

const { HOSTS, FOLDER = '' } = process.env
await startEmbeddedHosts({ count: Number(HOSTS), dir: FOLDER })
process.stdout.write('up\n')
