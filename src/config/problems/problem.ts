import { Refusal } from '../../errors.js'
import { escapeLine } from '../../text/escape.js'
import { suggest } from '../../text/suggest.js'

export type Path = readonly PropertyKey[]

/** Something wrong in the config: where, and what, as a sentence without its subject. */
export interface Problem {
  readonly path: Path
  readonly text: string
}

/** The config cannot be used: exit 2. */
export class ConfigError extends Refusal {
  override name = 'ConfigError'
}

/** All problems of one file in one error, aligned. */
export function problemsError(file: string, problems: readonly Problem[]): ConfigError {
  const details = problemLines(problems)
  return new ConfigError(`${file} has ${details.length === 1 ? 'a problem' : `${details.length} problems`}`, {
    details,
    next: ['check again: clonedeploy config'],
  })
}

/** A line for each, fit to be shown: where it is, then what is wrong. */
export function problemLines(problems: readonly Problem[]): readonly string[] {
  const telling = problems.filter(problem => !isMisspelt(problem, problems))
  const rows = withoutRepeats(
    telling.map(({ path, text }) => [escapeLine(formatPath(path)), escapeLine(text)] as const),
  )
  const width = Math.max(...rows.map(([path]) => path.length))
  return rows.map(([path, text]) => `${path.padEnd(width)}   ${text}`)
}

/** Of a file outside of the project: what is in it is shown to nobody. */
export function unquoted(message: string): ConfigError {
  return new ConfigError(message, {
    details: ['it lies outside of the project, or is a link that leads there: what is wrong in it is not shown'],
    next: ['move it into the project, then: clonedeploy config'],
  })
}

/** `hosts[1].port`, `env["a-b"]`. The first part stands as it is. */
function formatPath([first = '', ...rest]: Path): string {
  return String(first) + rest.map(formatKey).join('')
}

function formatKey(key: PropertyKey): string {
  if (typeof key === 'number') return `[${key}]`
  return /^[A-Za-z_$][\w$]*$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`
}

/** A key that is there under a wrong name is not missing as well. */
function isMisspelt(missing: Problem, problems: readonly Problem[]): boolean {
  if (!missing.text.startsWith('is missing')) return false
  const [parent, name] = split(missing)
  return problems.some(problem => {
    const [place, key] = split(problem)
    return problem.text.startsWith('unknown key') && place === parent && suggest(key, [name]) !== null
  })
}

function split({ path }: Problem): readonly [parent: string, key: string] {
  return [formatPath(path.slice(0, -1)), String(path.at(-1))]
}

function withoutRepeats(rows: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return [...new Map(rows.map(row => [row.join('\n'), row])).values()]
}
