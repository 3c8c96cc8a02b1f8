import { relative } from 'node:path'

/** A path as a person in `cwd` would write it. */
export function displayPath(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near.startsWith('../../../') ? path : near
}
