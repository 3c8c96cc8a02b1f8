export interface Shared {
  readonly dirs: readonly string[]
  readonly files: readonly string[]
  /** Known of a release that was built. */
  readonly skeleton?: Skeleton
}

/** What shared folders begin with where they are empty: path (as in the release) → content. */
export type Skeleton = Readonly<Record<string, string>>

/** The shared folders that begin with something. */
export function skeletonDirs({ dirs, skeleton = {} }: Shared): readonly string[] {
  const paths = Object.keys(skeleton)
  return dirs.filter(dir => paths.some(path => path.startsWith(`${dir}/`)))
}

/** How many entries linking shared paths, making files to touch and writing REVISION add to a tree that has the given paths. */
export function addedEntries(present: ReadonlySet<string>, shared: Shared, touched: readonly string[] = []): number {
  const made = ownFiles(touched, shared).filter(path => !present.has(path))
  const parents = new Set(
    [...shared.dirs, ...shared.files, ...made].flatMap(parentsOf).filter(parent => !present.has(parent)),
  )
  return 1 + shared.dirs.length + shared.files.length + made.length + parents.size
}

/** Of files that a restart touches, those that lie in the release itself, and in no shared folder. */
export function ownFiles(touched: readonly string[], { dirs, files }: Shared): readonly string[] {
  const lies = (path: string) => files.includes(path) || dirs.some(dir => path.startsWith(`${dir}/`))
  return [...new Set(touched)].filter(path => !lies(path))
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

/**
 * What the app may write in its release, as an extended regular expression over whole paths: `*` stands for some characters
 * of a name, `**` for folders; what lies below a match is meant too. Null where there is nothing.
 */
export function writableExpression(patterns: readonly string[]): string | null {
  return patterns.length === 0 ? null : `(${patterns.map(expression).join('|')})(/[^/]+)*`
}

function expression(pattern: string): string {
  const parts = pattern.split('/')
  return parts.map((part, i) => segment(part, i === parts.length - 1)).join('')
}

function segment(part: string, isLast: boolean): string {
  if (part === '**') return isLast ? '[^/]+' : '([^/]+/)*'
  const name = part
    .replace(/[.+^$(){}|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return isLast ? name : `${name}/`
}
