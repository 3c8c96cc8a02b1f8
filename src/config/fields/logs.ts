import type * as z from 'zod'
import type { LogSource } from '../../scripts/read/app-log.js'
import { choose, isObject } from '../choose.js'
import { show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { checked, lineProblem, text } from './scalars.js'

const command: z.ZodType<LogSource> = text.transform(run => ({ kind: 'command', run }))

const file: z.ZodType<LogSource> = closed({ file: checked(fileProblem) }).transform(value => ({
  kind: 'file',
  file: value.file.replace(/^\.\//, ''),
}))

/** Where the app's log is, on the hosts. */
export const logs = choose<LogSource>(value => (isObject(value) ? file : command), command, file)

function fileProblem(value: string): string | null {
  const problem = lineProblem(value)
  if (problem !== null) return problem
  return value.startsWith('~') ? `should be absolute, or relative to deployTo, got ${show(value)}` : null
}
