import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Package } from './package.js'

/** What the files of a project let one expect; every part can be said otherwise. */
export interface Guess {
  readonly build: readonly string[]
  /** Paths that make the release; empty: everything. */
  readonly include: readonly string[]
  /** Whether something has to be running on the hosts. */
  readonly runs: boolean
}

export function guessBuild(folder: string, project: Package | null): Guess {
  if (project === null) return { build: [], include: [], runs: false }
  const runs = project.scripts.has('start') || project.dependencies.has('@nestjs/core')
  const needs = [...project.dependencies].some(name => name !== 'clonedeploy')
  const builds = project.scripts.has('build')
  const output = builds ? outputOf(folder, project) : null
  return {
    build: [...(needs ? [project.install] : []), ...(builds ? [`${project.manager} run build`] : [])],
    include:
      output === null ? [] : [...output, ...(runs && needs ? ['node_modules'] : []), ...(runs ? ['package.json'] : [])],
    runs,
  }
}

const byTool: readonly (readonly [tool: string, ...output: readonly string[]])[] = [
  ['next', '.next', 'public'],
  ['nuxt', '.output'],
  ['astro', 'dist'],
  ['@sveltejs/kit', 'build'],
  ['@docusaurus/core', 'build'],
  ['react-scripts', 'build'],
  ['gatsby', 'public'],
  ['@11ty/eleventy', '_site'],
  ['@nestjs/core', 'dist'],
  ['vite', 'dist'],
  ['tsup', 'dist'],
]

/** Where the build leaves its result: as its tool does by itself, as `main` says, or where it is from the last time. */
function outputOf(folder: string, { dependencies, main }: Package): readonly string[] | null {
  const known = byTool.find(([tool]) => dependencies.has(tool))
  if (known !== undefined) {
    const [, first = '', ...more] = known
    return [first, ...more.filter(path => existsSync(join(folder, path)))]
  }
  const built = /^(?:\.\/)?(dist|build|lib|out)\//.exec(main ?? '')?.[1]
  const found = built ?? ['dist', 'build', 'out'].find(path => existsSync(join(folder, path)))
  return found === undefined ? null : [found]
}
