import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { ConfigInput } from '../config/input.js'
import type { Package } from './package.js'
import { recogniseNext } from './recognise/next.js'
import { recogniseNode } from './recognise/node.js'
import { buildOf } from './recognise/node-build.js'
import { recogniseLaravel, recognisePhp, recogniseSymfony } from './recognise/php.js'
import { recogniseDjango, recogniseFlask } from './recognise/python.js'
import type { Folder, Recognised, Recogniser } from './recognise/recognised.js'
import { recogniseRack, recogniseRails } from './recognise/ruby.js'
import { recogniseStatic } from './recognise/static.js'
import { inWorkspace, workspaceOf } from './workspace.js'

/** What the files of a project let one expect; every part can be said otherwise. */
export interface Guess {
  /** What it is taken for; null: nothing that we know. */
  readonly kind: string | null
  /** Of docs/recipes. */
  readonly recipe: string | null
  /** The folder that is built, from that of the project: its own, or the root of its workspace. */
  readonly from: string
  readonly build: readonly string[]
  /** Paths that make the release; empty: everything. */
  readonly include: readonly string[]
  readonly more: More
  readonly restart: Recognised['restart']
  readonly health: string | null
}

/** What goes into the configuration without a question. */
export type More = Pick<ConfigInput, 'root' | 'writable' | 'shared' | 'env' | 'prepare'>

/** The first that knows a project has it: what serves comes before what builds its assets, frameworks before languages. */
const recognisers: readonly Recogniser[] = [
  recogniseLaravel,
  recogniseSymfony,
  recogniseRails,
  recogniseDjango,
  recogniseNext,
  recogniseFlask,
  recogniseRack,
  recognisePhp,
  recogniseNode,
  recogniseStatic,
]

export function guessProject(path: string, project: Package | null): Guess {
  const top = workspaceOf(path)
  const folder = folderAt(path, project, top === null ? '' : relative(top, path))
  const recognised = recognisers.map(recognise => recognise(folder)).find(found => found !== null) ?? null
  if (recognised === null) return { ...unknown, build: project === null ? [] : buildOf(project, false) }
  const lifted = top === null ? null : inWorkspace(recognised, path, top)
  const { kind, recipe, restart, health = null, config } = lifted ?? recognised
  const { build = [], include = [], ...more } = config
  return { kind, recipe, from: lifted?.from ?? '.', build, include, more, restart, health }
}

const unknown: Guess = {
  kind: null,
  recipe: null,
  from: '.',
  build: [],
  include: [],
  more: {},
  restart: null,
  health: null,
}

function folderAt(path: string, project: Package | null, within: string): Folder {
  return {
    package: project,
    within,
    has: name => existsSync(join(path, name)),
    text: name => (existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : ''),
  }
}
