import type { PathTest } from './deployignore.js'
import type { Judge } from './path-rules.js'
import type { Found, FoundFile } from './walk-tree.js'

/** A folder that may become a release, on disk or in a commit. Its paths are latin1 names below it. */
export interface Folder<File extends FoundFile> {
  /** For people. */
  readonly shown: string
  /** Whether anything lies at a path. */
  readonly has: (path: string) => boolean
  /** The text of its .deployignore as latin1; '' where it has none. */
  readonly deployignore: string
  /** Which of its env files are no secret of this machine. */
  readonly tracked: PathTest
  /** Folders of clonedeploy's own that lie in it, such as its cache. */
  readonly ours: ReadonlySet<string>
  readonly walk: (judge: Judge) => Promise<Found<File>>
  /** The paths that git tracks below some of its folders. */
  readonly trackedBelow: (folders: readonly string[]) => Promise<readonly string[]>
  /** What each path holds; null where it is no file, or lies behind a link. */
  readonly contents: (paths: readonly string[]) => Promise<readonly (Buffer | null)[]>
}
