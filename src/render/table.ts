import stringWidth from 'fast-string-width'

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

/** One column each. Anything else asks the tables of Unicode, which take a while to load. */
const plain = /^[ -~]*$/

const style = /(\p{Cc}\[[\d;]*m)/u

/** Columns that a text takes on a terminal; colour codes take none. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** The text in at most `width` columns, its end replaced by `…`. Colour codes all stay, so that colours end where they should. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let left = width - 1
  let full = false
  const parts = text.split(style).map(part => {
    if (style.test(part)) return part
    if (full) return ''
    const kept = fitting(part, left)
    left -= widthOf(kept)
    full = kept.length < part.length
    return full ? `${kept}…` : kept
  })
  return width < 1 ? '' : parts.join('')
}

function fitting(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, width)
  let used = 0
  let end = 0
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment)
    if (used > width) break
    end = index + segment.length
  }
  return text.slice(0, end)
}
