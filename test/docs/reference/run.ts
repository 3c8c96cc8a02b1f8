/** `npm run reference`: writes the generated parts of docs/configuration.md and docs/cli.md, and schema/. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.js'

for (const [path, text] of Object.entries(pages)) writeFileSync(join(import.meta.dirname, '../../..', path), text())
