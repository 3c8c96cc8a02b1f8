import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PreflightError } from '../errors.js'

export type PathTest = (path: string, isFolder: boolean) => boolean

/** A test of paths (latin1 names) against patterns in gitignore's syntax, a line each. */
export type Gitignore = (patterns: string) => PathTest

export async function loadGitignore(): Promise<Gitignore> {
  const { default: ignore } = await import('ignore')
  return patterns => {
    const rules = ignore({ ignorecase: false }).add(patterns)
    return (path, isFolder) => rules.ignores(isFolder ? `${path}/` : path)
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
