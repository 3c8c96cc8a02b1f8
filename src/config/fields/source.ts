import * as z from 'zod'
import { choose, isObject, oneOrMany } from '../choose.js'
import type { BuildCache, Source } from '../config.js'
import { installerOf } from '../installer.js'
import { show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { innerPath, localPath, pattern } from './path.js'
import { checked, lineProblem, text } from './scalars.js'
import { env } from './variables.js'

const notAnOption = checked(value =>
  value.startsWith('-') ? `begins with "-": git would take it for an option: ${show(value)}` : lineProblem(value),
)

const git: z.ZodType<Source> = closed(
  {
    git: notAnOption,
    ref: notAnOption.optional(),
    subdir: innerPath.optional(),
    submodules: z.boolean().optional(),
  },
  {
    dir: 'a source is either git or dir; for a folder of the repository write subdir',
    artifact: 'a source is either git or artifact; what CI built is not built again',
  },
).transform(({ git, ref = 'HEAD', subdir, submodules = null }) => {
  return { kind: 'git' as const, repository: git, ref, subdir: subdir === '.' ? null : (subdir ?? null), submodules }
})

const folder: z.ZodType<Source> = closed({ dir: localPath }).transform(({ dir }) => ({ kind: 'folder' as const, dir }))

const artifact: z.ZodType<Source> = closed({ artifact: localPath }).transform(({ artifact }) => ({
  kind: 'artifact' as const,
  path: artifact,
}))

const neither: z.ZodType<never> = z.never({
  error: 'should be { git: "." }, { dir: "dist" } or { artifact: "app.tgz" }',
})

/** What is built. Its paths are not yet absolute. */
export const source: z.ZodType<Source> = choose<Source>(
  value => {
    if (!isObject(value) || Object.keys(value).length === 0) return neither
    if ('git' in value) return git
    if ('artifact' in value) return artifact
    return 'dir' in value ? folder : git
  },
  git,
  folder,
  artifact,
)

export interface Build {
  readonly run: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cache: BuildCache | null
}

const paths = z.array(innerPath.refine(path => path !== '.', 'is the whole build; name folders in it')).min(1)
const several = closed({ paths, key: oneOrMany(pattern).optional() })
type Written = z.infer<typeof several>
const listed: z.ZodType<Written> = paths.transform(all => ({ paths: all }))
const cache = choose<Written>(value => (isObject(value) ? several : listed), listed, several)

const commands = oneOrMany(text)
const short: z.ZodType<Build> = commands.transform(run => ({ run, env: {}, cache: null }))
const long: z.ZodType<Build> = closed({ run: commands, env: env.optional(), cache: cache.optional() }).transform(
  ({ run, env = {}, cache }) => ({ run, env, cache: cache === undefined ? null : cacheOf(cache, run) }),
)

function cacheOf({ paths, key }: Written, [first = '']: readonly string[]): BuildCache {
  return { paths, key: key ?? null, installer: installerOf(first) }
}

/** Commands that build the release, and the environment that they alone see. */
export const build: z.ZodType<Build> = choose<Build>(value => (isObject(value) ? long : short), short, long)
