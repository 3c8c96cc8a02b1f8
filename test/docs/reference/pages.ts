import { schemaFiles } from '../../schemas/files.js'
import { document } from '../markdown.js'
import { cliReference } from './cli.js'
import { configSchema } from './config-schema.js'
import { configurationReference } from './configuration.js'

const [begin, end] = ['<!-- generated: npm run reference -->', '<!-- end of what is generated -->']

/** What is generated, or has a part that is, as it should be. */
export const pages: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': () => filled('docs/configuration.md', configurationReference()),
  'docs/cli.md': () => filled('docs/cli.md', cliReference()),
  'schema/config.json': configSchema,
  ...schemaFiles,
}

function filled(path: string, text: string): string {
  const page = document(path)
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} has no place for what is generated`)
  return `${page.slice(0, from)}${begin}\n\n${text}\n${page.slice(to)}`
}
