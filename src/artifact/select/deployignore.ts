import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PreflightError } from '../../errors.js'

export type PathTest = (path: string, isFolder: boolean) => boolean

/** Patterns in gitignore's syntax, a line each, for paths as latin1 names. */
export type Gitignore = (patterns: string) => {
  readonly ignores: PathTest
  /** Whether the last pattern that is about the path takes it back: `!keep.map`. */
  readonly keeps: PathTest
}

export async function loadGitignore(): Promise<Gitignore> {
  const { default: ignore } = await import('ignore')
  return patterns => {
    const rules = ignore({ ignorecase: false }).add(patterns)
    const test = (path: string, isFolder: boolean) => rules.test(isFolder ? `${path}/` : path)
    return {
      ignores: (path, isFolder) => test(path, isFolder).ignored,
      keeps: (path, isFolder) => test(path, isFolder).unignored,
    }
  }
}

/** The text of a folder's .deployignore as latin1; '' when it has none. */
export function readDeployignore(dir: string): string {
  const file = join(dir, '.deployignore')
  const stats = lstatSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return ''
  if (!stats.isFile())
    throw new PreflightError(`${file} is not a file`, { next: ['make it a plain file, or remove it'] })
  return readFileSync(file, 'latin1').replace(/^\xef\xbb\xbf/, '')
}
