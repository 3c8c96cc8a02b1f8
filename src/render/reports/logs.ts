import { escapeLine } from '../../text/escape.js'
import type { Paint } from '../paint.js'

/** The end of the app's log on one host; `source` null: nobody said where it is. */
export interface HostLog {
  readonly name: string
  readonly source: string | null
  readonly lines: readonly string[]
  readonly error: string | null
}

/** Every line with its host, host by host. */
export function logsText(logs: readonly HostLog[], paint: Paint): string {
  const width = Math.max(...logs.map(({ name }) => name.length))
  const lines = logs.flatMap(({ name, lines }) =>
    lines.map(line => `${paint.dim(`${name.padEnd(width)} |`)} ${escapeLine(line)}\n`),
  )
  return lines.join('')
}
