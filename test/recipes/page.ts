import { blocks, document } from '../docs/markdown.js'
import type { Texts } from './recipe.js'

/** What a page in docs/recipes tells people to write. */
export interface Page {
  readonly config: string
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
  const files = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].flatMap(([, block = '']) => {
    const path = /^(?:#|\/\/|;|<\?php \/\/) ([\w./@-]*[./][\w./@-]+)(?:,.*)?$/m.exec(block.split('\n')[0] ?? '')?.[1]
    return path === undefined ? [] : [[path, block] as const]
  })
  return {
    config,
    hostFiles: Object.fromEntries(files.filter(([path]) => path.startsWith('/'))),
    appFiles: Object.fromEntries(files.filter(([path]) => !path.startsWith('/'))),
  }
}
