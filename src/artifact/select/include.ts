import type { Gitignore, PathTest } from './deployignore.js'

/** Which paths `include` asks for, and which of its patterns brought nothing. Paths are latin1 names. */
export interface Include {
  readonly takes: (path: string, isFolder: boolean) => boolean
  /** Notes that this path is really in the artifact. */
  readonly use: (path: string, isFolder: boolean) => void
  /** Whether something below this folder may be asked for. */
  readonly leadsTo: (folder: string) => boolean
  /** Whether a pattern is about files like this env file, not only about a folder that it lies in. */
  readonly namesEnvFile: (path: string, isFolder: boolean) => boolean
  readonly unused: () => string[]
}

/**
 * Patterns have gitignore's syntax but begin at the folder: `dist` is the folder `dist` (not `lib/dist`), `**` crosses
 * folders, `!x` takes away again. What `isPath` says exists is a path, whatever characters it has (`pages/[id].js`).
 */
export function compileInclude(
  patterns: readonly string[],
  isPath: (path: string) => boolean,
  gitignore: Gitignore,
): Include {
  const wanted = patterns.filter(text => !text.startsWith('!')).map(text => part(text, isPath, gitignore))
  const unwanted = patterns.filter(text => text.startsWith('!')).map(text => part(text.slice(1), isPath, gitignore))
  const all = wanted.length === 0
  const unused = new Set(wanted)
  return {
    takes: (path, isFolder) => {
      if (unwanted.some(each => each.matches(path, isFolder))) return false
      return all || wanted.some(each => each.matches(path, isFolder))
    },
    use: (path, isFolder) => {
      for (const each of unused) if (each.matches(path, isFolder)) unused.delete(each)
    },
    leadsTo: folder => all || wanted.some(each => each.leadsTo(folder)),
    namesEnvFile: (path, isFolder) =>
      wanted.some(each => /(^|\/)\.env[^/]*$/i.test(each.plain) && each.matches(path, isFolder)),
    unused: () => [...unused].map(each => each.text),
  }
}

interface Part {
  readonly text: string
  readonly plain: string
  readonly matches: PathTest
  readonly leadsTo: (folder: string) => boolean
}

function part(text: string, isPath: (path: string) => boolean, gitignore: Gitignore): Part {
  const plain = text.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')
  if (plain === '' || plain === '.') return { text, plain, matches: () => true, leadsTo: () => true }
  if (!/[*?[\\]/.test(plain) || isPath(plain)) return literal(text, plain)
  return { text, plain, matches: gitignore(`/${plain}`).ignores, leadsTo: leads(plain, gitignore) }
}

function literal(text: string, plain: string): Part {
  return {
    text,
    plain,
    matches: path => path === plain || path.startsWith(`${plain}/`),
    leadsTo: folder => plain.startsWith(`${folder}/`) || folder === plain || folder.startsWith(`${plain}/`),
  }
}

/** A folder leads to a match when it matches the pattern's beginning of the same depth, or the pattern has `**` by then. */
function leads(pattern: string, gitignore: Gitignore): (folder: string) => boolean {
  const segments = pattern.split('/')
  const free = segments.indexOf('**')
  const beginnings = segments.map((_, i) => gitignore(`/${segments.slice(0, i + 1).join('/')}`).ignores)
  return folder => {
    const depth = folder.split('/').length
    if (free >= 0 && depth > free) return free === 0 || (beginnings[free - 1]?.(folder, true) ?? false)
    return beginnings[Math.min(depth, beginnings.length) - 1]?.(folder, true) ?? false
  }
}
