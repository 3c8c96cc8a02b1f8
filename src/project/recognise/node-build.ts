import type { Package } from '../package.js'
import type { Folder } from './recognised.js'

/** What is installed, built, and taken away again where packages are needed to serve, too. */
export function buildOf(project: Package, serves: boolean): readonly string[] {
  const { install, needs, manager, scripts } = project
  const lean = serves && needs.development
  if (!scripts.has('build')) return needs.any ? [lean ? production(install) : install] : []
  return [...(needs.any ? [install] : []), `${manager} run build`, ...(lean && needs.production ? prune(install) : [])]
}

/** What builds the assets of an app in another language. */
export function assetsOf({ package: project }: Folder): readonly string[] {
  return project?.scripts.has('build') ? buildOf(project, false) : []
}

/** What beside its output a server needs of a build, with the files that its start script names. */
export function serverFiles({ has }: Folder, { needs, scripts }: Package, output: string): readonly string[] {
  const words = (scripts.get('start') ?? '').split(/\s+/).map(word => word.replace(/^\.\//, ''))
  const started = words.filter(word => /^\w/.test(word) && !word.startsWith(`${output}/`) && has(word))
  return [...new Set([...(needs.production ? ['node_modules'] : []), 'package.json', ...started])]
}

function production(install: string): string {
  if (install.startsWith('npm')) return `${install} --omit=dev`
  if (install.startsWith('pnpm')) return `${install} --prod`
  return install === 'yarn install --immutable' ? 'yarn workspaces focus --production' : `${install} --production`
}

/** bun has no command for it. */
function prune(install: string): readonly string[] {
  if (install.startsWith('npm')) return ['npm prune --omit=dev']
  if (install.startsWith('pnpm')) return ['pnpm prune --prod']
  return install.startsWith('yarn') ? [production(install)] : []
}
