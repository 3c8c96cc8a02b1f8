import * as z from 'zod'
import { choose, isObject } from '../choose.js'
import { closed } from '../closed.js'
import type { Source } from '../config.js'
import { show } from '../problems/show.js'
import { innerPath, localPath } from './path.js'
import { checked, lineProblem } from './text.js'

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
  { dir: 'a source is either git or dir; for a folder of the repository write subdir' },
).transform(({ git, ref = 'HEAD', subdir, submodules = null }) => {
  return { kind: 'git' as const, repository: git, ref, subdir: subdir === '.' ? null : (subdir ?? null), submodules }
})

const folder: z.ZodType<Source> = closed({ dir: localPath }).transform(({ dir }) => ({ kind: 'folder' as const, dir }))

const neither: z.ZodType<never> = z.never({ error: 'should be { git: "." } or { dir: "dist" }' })

/** What is built. Its paths are not yet absolute. */
export const source: z.ZodType<Source> = choose<Source>(
  value => {
    if (!isObject(value) || Object.keys(value).length === 0) return neither
    return 'dir' in value && !('git' in value) ? folder : git
  },
  git,
  folder,
)
