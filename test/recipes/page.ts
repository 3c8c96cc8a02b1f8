import { blocks, document } from '../docs/markdown.js'
import type { Texts } from './recipe.js'

/** What a page in docs/recipes tells people to write. */
export interface Page {
  readonly config: string
  /** Where the configuration lies in its repository. */
  readonly configFile: string
  readonly deployTo: string
  /** Files of hosts, by their absolute path. */
  readonly hostFiles: Texts
  /** Files of the app, by their path in its repository. */
  readonly appFiles: Texts
}

/** A block whose first line is a comment with a path is that file. */
export function readPage(name: string): Page {
  const text = document(`docs/recipes/${name}.md`)
  const config = blocks(text, 'ts').find(block => block.includes('defineConfig('))
  if (config === undefined) throw new Error(`docs/recipes/${name}.md has no configuration`)
  const [, deployTo] = /^ {2}deployTo: '(.+)',$/m.exec(config) ?? []
  if (deployTo === undefined) throw new Error(`docs/recipes/${name}.md has no folder of hosts`)
  const files = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].flatMap(([, block = '']) => {
    const path = pathOf(block)
    return path === undefined || block.includes(config) ? [] : [[path, block] as const]
  })
  return {
    config,
    configFile: pathOf(config) ?? 'deploy.config.ts',
    deployTo,
    hostFiles: Object.fromEntries(files.filter(([path]) => path.startsWith('/'))),
    appFiles: Object.fromEntries(files.filter(([path]) => !path.startsWith('/'))),
  }
}

function pathOf(block: string): string | undefined {
  return /^(?:#|\/\/|;|<\?php \/\/) ([\w./@-]*[./][\w./@-]+)(?:,.*)?$/m.exec(block.split('\n')[0] ?? '')?.[1]
}
