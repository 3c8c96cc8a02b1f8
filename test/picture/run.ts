/** `npm run picture`: records the demo's failing deploy on a terminal, and writes it as docs/demo.svg. Needs util-linux's `script`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordFailingDeploy } from './record.js'
import { svgOf } from './svg.js'

const title = 'A deploy that fails on one of three hosts: all three serve the old release again.'
writeFileSync(join(import.meta.dirname, '../../docs/demo.svg'), svgOf(await recordFailingDeploy(), title))
