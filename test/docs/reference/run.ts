/** `npm run reference`: writes the generated parts of docs/configuration.md and docs/cli.md, and schema/. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.js'

const root = join(import.meta.dirname, '../../..')

mkdirSync(join(root, 'schema/output'), { recursive: true })
for (const [path, text] of Object.entries(pages)) writeFileSync(join(root, path), text())
