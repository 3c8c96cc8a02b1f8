import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readPackage } from './package.js'
import type { Recognised } from './recognise/recognised.js'

/** The root of the workspace that a folder is a package of; null: of none. Above the repository there is none of ours. */
export function workspaceOf(folder: string): string | null {
  const above = dirname(folder)
  if (above === folder || existsSync(join(folder, '.git'))) return null
  return isRoot(above) ? above : workspaceOf(above)
}

function isRoot(folder: string): boolean {
  return existsSync(join(folder, 'pnpm-workspace.yaml')) || (readPackage(folder)?.workspaces ?? false)
}

/**
 * The same of a package in a workspace whose server needs packages: these lie at the root, with links to its neighbours, so
 * the whole workspace is the release. null: it can be built and released by itself.
 */
export function inWorkspace(
  recognised: Recognised,
  folder: string,
  top: string,
): (Recognised & { readonly from: string }) | null {
  const { include = [], writable, ...config } = recognised.config
  const whole = readPackage(top)
  if (!recognised.packages || whole === null) return null
  const at = relative(top, folder)
  const { manager, install } = whole
  const builds = whole.scripts.has('build')
    ? [`${manager} run build`]
    : recognised.config.build?.includes(`${manager} run build`)
      ? [`cd ${at} && ${manager} run build`]
      : []
  return {
    ...recognised,
    from: relative(folder, top),
    config: {
      ...config,
      build: [install, ...builds, ...(manager === 'npm' ? ['npm prune --omit=dev'] : [])],
      include: include.filter(path => path.startsWith('!')).map(path => `!${at}/${path.slice(1)}`),
      ...(writable === undefined ? {} : { writable: writable.map(path => `${at}/${path}`) }),
    },
  }
}
