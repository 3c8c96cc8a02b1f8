import { realpathSync } from 'node:fs'
import { PreflightError } from '../../errors.js'
import { type Discovered, discover, isWithin, worktreeOf } from './discover.js'

/** The source is a repository that came as files of the project: its settings are not the user's. */
export class ForeignRepositoryError extends PreflightError {
  override name = 'ForeignRepositoryError'
  constructor(
    readonly path: string,
    project: string,
  ) {
    super(`${path} is a git repository of its own, inside ${project}`, {
      details: ['what its settings name would be run, and they may have come with the files of the project'],
      next: ['name the project itself (source: { git: "." }), its address, or a repository outside of it'],
    })
  }
}

/**
 * Throws where git must not run: in a git directory among the project's files, or in a working tree below the project's
 * that is neither a submodule of it nor a second working tree. Of a project in no repository only the former is refused.
 */
export function refuseForeign(path: string, root: string): void {
  const found = discover(path)
  if (found === null) return
  const project = worktreeOf(root)
  const top = project?.top ?? realpathSync(root)
  if (found.kind === 'bare' ? isWithin(top, found.top) : project !== null && isNested(found, project))
    throw new ForeignRepositoryError(found.top, top)
}

type Worktree = Extract<Discovered, { kind: 'worktree' }>

function isNested(found: Worktree, project: Worktree): boolean {
  return found.top !== project.top && isWithin(project.top, found.top) && !isWithin(project.gitFolder, found.gitFolder)
}
