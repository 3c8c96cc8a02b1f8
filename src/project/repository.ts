import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The git repository that a folder lies in, as its files tell it. */
export interface ProjectRepository {
  readonly root: string
  /** From the root to the folder; '' for the root itself. */
  readonly prefix: string
  /** The branch that is checked out; null: none is. */
  readonly branch: string | null
  /** Where it is kept, as far as its files tell. */
  readonly forge: 'github' | 'gitlab' | null
}

export function readRepository(folder: string): ProjectRepository | null {
  const root = rootOf(folder)
  if (root === null) return null
  const git = join(root, '.git')
  return {
    root,
    prefix: relative(root, folder),
    branch: /^ref: refs\/heads\/(.+)$/m.exec(textOf(join(git, 'HEAD')))?.[1] ?? null,
    forge: forgeOf(root, textOf(join(git, 'config'))),
  }
}

function forgeOf(root: string, settings: string): ProjectRepository['forge'] {
  if (existsSync(join(root, '.gitlab-ci.yml'))) return 'gitlab'
  if (existsSync(join(root, '.github')) || /\bgithub\.com\b/.test(settings)) return 'github'
  return /\bgitlab\./.test(settings) ? 'gitlab' : null
}

function rootOf(folder: string): string | null {
  if (existsSync(join(folder, '.git'))) return folder
  const above = dirname(folder)
  return above === folder ? null : rootOf(above)
}

/** Of another worktree, `.git` is a file: then it tells nothing here. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
