import type { Gitignore, PathTest } from './deployignore.js'
import type { Include } from './include.js'
import { isEnvFile } from './tracked.js'

/** Why a path is not in the artifact. `through`: a folder that only leads to something that is. */
export type Verdict =
  | 'in'
  | 'through'
  | 'unlisted'
  | 'ignored'
  | 'export-ignore'
  | 'env'
  | 'shared'
  | 'revision'
  | 'ours'

/** What to do with a path that a walk came upon. Pure, but for the `used` marks of `include`. */
export type Judge = (path: string, isFolder: boolean) => Verdict

interface Rules {
  readonly include: Include
  readonly deployignore: ReturnType<Gitignore>
  readonly exportIgnored: PathTest
  /** Which of the env files git tracks. */
  readonly tracked: PathTest
  /** Linked paths: they live in shared/ on the hosts. */
  readonly shared: ReadonlySet<string>
  /** Folders of clonedeploy's own that lie in the tree, such as its cache. */
  readonly ours: ReadonlySet<string>
}

export function judgeBy({ include, deployignore, exportIgnored, tracked, shared, ours }: Rules): Judge {
  return (path, isFolder) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name === '.git' || name === '.clonedeploy' || ours.has(path)) return 'ours'
    if (include.takes(path, isFolder)) {
      const verdict = verdictOf(path, name, isFolder)
      if (verdict === 'in' || verdict === 'shared' || verdict === 'revision') include.use(path, isFolder)
      return verdict
    }
    if (!isFolder || !include.leadsTo(path)) return 'unlisted'
    const verdict = verdictOf(path, name, isFolder)
    return verdict === 'in' ? 'through' : verdict
  }

  function verdictOf(path: string, name: string, isFolder: boolean): Verdict {
    if (shared.has(path)) return 'shared'
    if (path === 'REVISION') return 'revision'
    if (deployignore.ignores(path, isFolder)) return 'ignored'
    if (exportIgnored(path, isFolder) && !deployignore.keeps(path, isFolder)) return 'export-ignore'
    return isEnvFile(name) && !isWanted(path, isFolder) ? 'env' : 'in'
  }

  function isWanted(path: string, isFolder: boolean): boolean {
    return include.namesEnvFile(path, isFolder) || deployignore.keeps(path, isFolder) || tracked(path, isFolder)
  }
}
