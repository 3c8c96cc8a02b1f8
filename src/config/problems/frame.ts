/** The lines around a place in a text, the place marked; line and column count from 1. */
export function codeFrame(text: string, line: number, column: number | null): readonly string[] {
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
