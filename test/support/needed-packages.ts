import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface NeededPackage {
  readonly name: string
  /** Below the root of the repository. */
  readonly folder: string
  readonly optional: boolean
}

/** What npm installs with the package, by the lock file. */
export function neededPackages(): readonly NeededPackage[] {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>
  }
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && !dev)
    .map(([folder, { optional = false }]) => {
      return { name: folder.replace(/^.*node_modules\//, ''), folder, optional }
    })
}
