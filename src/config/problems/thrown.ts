import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { codeFolder } from '../../package.js'
import { ConfigError } from './problem.js'
import { displayPath } from './sentence.js'

/** What the code of a config threw, said with its place; `what` is the config, or a function in it. */
export function thrownError(error: unknown, what: string, cwd: string): ConfigError {
  const parse = parseFailure(error)
  if (parse !== null) {
    const { file, message, line, column } = parse
    return syntaxError({ label: displayPath(file, cwd), text: textOf(file), line, column }, message)
  }
  const place = ownFrame(error)
  return new ConfigError(`${what} failed: ${messageOf(error)}`, {
    details: place === null ? [] : placeLines(place, cwd),
    next: ['check again: clonedeploy config'],
    cause: error,
  })
}

interface Place {
  readonly file: string
  readonly line: number
}

function placeLines({ file, line }: Place, cwd: string): readonly string[] {
  return [`at ${displayPath(file, cwd)}:${line}`, '', ...codeFrame(textOf(file), line, null)]
}

/** jiti says: `ParseError: MESSAGE`, then ` FILE:LINE:COLUMN`, its columns counting from 0. V8 says FILE:LINE, first in the stack. */
function parseFailure(error: unknown): (Place & { readonly message: string; readonly column: number | null }) | null {
  if (!(error instanceof Error)) return null
  const parsed = /^ParseError: ([\s\S]*?)\s*\n\s*(.+):(\d+):(\d+)$/.exec(error.message)
  if (parsed !== null) {
    const [, message = '', file = '', line, column] = parsed
    return { file, message, line: Number(line), column: Number(column) + 1 }
  }
  const compiled = error.name === 'SyntaxError' ? /^(.+):(\d+)$/m.exec(error.stack?.split('\n')[0] ?? '') : null
  const [, file = '', line] = compiled ?? []
  return file.startsWith('/') ? { file, message: error.message, line: Number(line), column: null } : null
}

/** The first place in the stack that the user wrote. */
function ownFrame(error: unknown): Place | null {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : []
  const frames = lines.flatMap(line => {
    const match = /^\s+at (?:.*\()?((?:file:\/\/)?\/.+?):(\d+):\d+\)?$/.exec(line)
    return match === null ? [] : [{ file: pathOf(match[1] as string), line: Number(match[2]) }]
  })
  return frames.find(({ file }) => !file.includes('/node_modules/') && !file.startsWith(codeFolder)) ?? null
}

function pathOf(location: string): string {
  return location.startsWith('file:') ? fileURLToPath(location) : location
}

/** A missing module's message goes on with the modules that asked for it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return (error.message.split('\nRequire stack:')[0] ?? '').trim() || error.name
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** `deploy.config.ts:4:24  Unexpected token`, with the lines around it. */
export function syntaxError(
  place: { readonly label: string; readonly text: string; readonly line: number; readonly column: number | null },
  message: string,
): ConfigError {
  const { label, text, line, column } = place
  return new ConfigError(`${[label, line, ...(column === null ? [] : [column])].join(':')}  ${message}`, {
    details: codeFrame(text, line, column),
    next: ['check again: clonedeploy config'],
  })
}

/** The lines around a place in a text, the place marked; line and column count from 1. */
function codeFrame(text: string, line: number, column: number | null): readonly string[] {
  const lines = text.split(/\r?\n/)
  const first = Math.max(1, line - 2)
  const last = Math.min(lines.length, line + 1)
  const width = String(last).length
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap(number => {
    const code =
      `${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${lines[number - 1] ?? ''}`.trimEnd()
    return number === line && column !== null ? [code, `  ${' '.repeat(width)} | ${' '.repeat(column - 1)}^`] : [code]
  })
}
