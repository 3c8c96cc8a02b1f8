/** What the object of every command says, whatever came of it. */
interface Report {
  readonly command: string
  readonly result: string
  readonly exitCode: number
  /** null: none was known yet, or the command has none. */
  readonly stage: string | null
}

/** The line that `--json` prints. */
export function jsonReport({ command, result, exitCode, stage }: Report, more: object): string {
  return `${JSON.stringify({ v: 1, command, result, exitCode, stage, ...more })}\n`
}
