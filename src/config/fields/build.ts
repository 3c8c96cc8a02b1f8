import type * as z from 'zod'
import { choose, isObject, oneOrMany } from '../choose.js'
import { closed } from '../closed.js'
import { text } from './text.js'
import { env } from './variables.js'

interface Build {
  readonly run: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const commands = oneOrMany(text)
const short: z.ZodType<Build> = commands.transform(run => ({ run, env: {} }))
const long: z.ZodType<Build> = closed({ run: commands, env: env.optional() }).transform(({ run, env = {} }) => ({
  run,
  env,
}))

/** Commands that build the release, and the environment that they alone see. */
export const build: z.ZodType<Build> = choose<Build>(value => (isObject(value) ? long : short), short, long)
