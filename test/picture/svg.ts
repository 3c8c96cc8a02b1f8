import type { Cell, Row } from './screen.js'

const [charWidth, lineHeight, margin, bar] = [8.4, 19, 20, 34]

/** Light, and what a reader with a dark theme sees instead. */
const style = `
    .box { fill: #ffffff; stroke: #d0d7de }
    .dot { fill: #d0d7de }
    text { fill: #1f2328; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
    .bold { font-weight: 600 }
    .dim { fill: #59636e }
    .red { fill: #d1242f }
    .green { fill: #1a7f37 }
    .yellow { fill: #9a6700 }
    .cyan { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      .box { fill: #0d1117; stroke: #3d444d }
      .dot { fill: #3d444d }
      text { fill: #f0f6fc }
      .dim { fill: #9198a1 }
      .red { fill: #f85149 }
      .green { fill: #3fb950 }
      .yellow { fill: #d29922 }
      .cyan { fill: #58a6ff }
    }
  `

const classes: Readonly<Record<number, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  36: 'cyan',
}

/** A terminal with these rows. `title` is what a screen reader says. */
export function svgOf(rows: readonly Row[], title: string): string {
  const columns = Math.max(...rows.map(row => row.length))
  const width = Math.ceil(columns * charWidth + 2 * margin)
  const height = rows.length * lineHeight + bar + margin
  const dots = [0, 1, 2].map(n => `<circle class="dot" cx="${20 + n * 18}" cy="18" r="5.5"/>`).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>${escaped(title)}</title>
  <style>${style}</style>
  <rect class="box" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
  ${dots}
${rows.map((row, n) => lineOf(row, bar + (n + 1) * lineHeight - 5)).join('')}</svg>
`
}

function lineOf(row: Row, y: number): string {
  const words = wordsOf(row).map(
    ({ text, column, kind }) =>
      `<tspan x="${round(margin + column * charWidth)}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(text)}</tspan>`,
  )
  return words.length === 0 ? '' : `  <text y="${y}">${words.join('')}</text>\n`
}

interface Word {
  readonly text: string
  readonly column: number
  readonly kind: string
}

/** Each word stands at its own column: signs like ✔ come from other fonts, with other widths. */
function wordsOf(row: Row): readonly Word[] {
  const words: Word[] = []
  row.forEach((cell, column) => {
    if (cell.character === ' ') return
    const last = words.at(-1)
    const kind = kindOf(cell)
    if (last !== undefined && last.column + last.text.length === column && last.kind === kind)
      words[words.length - 1] = { ...last, text: last.text + cell.character }
    else words.push({ text: cell.character, column, kind })
  })
  return words
}

function kindOf({ codes }: Cell): string {
  return codes.flatMap(code => classes[code] ?? []).join(' ')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
