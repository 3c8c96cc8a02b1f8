import { basename, delimiter, dirname } from 'node:path'
import { isWithin } from './git/discover.js'
import { withoutRepository } from './git/git.js'

/**
 * The environment of this process for a build in a checkout: without what npm, npx and pnpm put there that leads back into
 * the project, where other packages may be installed than the commit asks for.
 */
export function checkoutEnv(env: NodeJS.ProcessEnv, project: string): NodeJS.ProcessEnv {
  const clean = Object.entries(withoutRepository(env)).filter(([name]) => !aboutTheProject.test(name))
  return Object.fromEntries(
    clean.map(([name, value = '']) => [name, isPath(name) ? outside(value, project) : value] as const),
  )
}

/** What npm says of the package that it runs a command for. */
const aboutTheProject = /^(INIT_CWD|npm_command|npm_config_local_prefix|npm_(package|lifecycle)_.*)$/

function isPath(name: string): boolean {
  return name === 'PATH' || name === 'NODE_PATH'
}

function outside(path: string, project: string): string {
  return path
    .split(delimiter)
    .filter(entry => !isOfProject(entry, project))
    .join(delimiter)
}

/** A `node_modules` in the project or in a folder above it, or the one that npx installed us in. */
function isOfProject(entry: string, project: string): boolean {
  const [holder = '', ...rest] = entry.split(/\/node_modules(?=\/|$)/)
  if (rest.length === 0) return false
  return isWithin(project, holder) || isWithin(holder || '/', project) || basename(dirname(holder)) === '_npx'
}
