import { codeFrame } from './frame.js'
import { ConfigError } from './problem.js'

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
