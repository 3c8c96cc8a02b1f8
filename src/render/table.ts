import { padEnd, widthOf } from './width.js'

const gap = '   '

/** Rows as aligned columns, indented by two; no line ends in blanks. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = columnWidths(rows)
  return rows.map(row => `  ${row.map((cell, i) => padEnd(cell, widths[i] ?? 0)).join(gap)}`.trimEnd())
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(0, ...rows.map(row => row.length))
  return Array.from({ length: columns }, (_, i) => Math.max(...rows.map(row => widthOf(row[i] ?? ''))))
}
