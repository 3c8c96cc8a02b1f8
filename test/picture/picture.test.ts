import { describe, expect, it } from 'vitest'
import { steps } from '../../src/commands/demo/demo-steps.js'
import { document } from '../docs/markdown.js'
import { exhaustive } from '../support/tier.js'
import { recordFailingDeploy, textOf } from './record.js'
import { rowsOf } from './screen.js'
import { svgOf } from './svg.js'

const shown = linesOf(document('docs/demo.svg'))

/** The lines of text in a picture, their words parted by one space. */
function linesOf(svg: string): readonly string[] {
  return [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, line = '']) =>
    line
      .replaceAll('</tspan>', ' ')
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
      .trim(),
  )
}

describe('the screen of a terminal', () => {
  it.each([
    ['plain lines', 'one\r\ntwo\r\n', ['one', 'two', '']],
    ['a line written over another', 'wrong\x1b[2K\x1b[Gright', ['right']],
    ['a frame drawn again above', 'a\r\nb\r\n\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[Gc\r\n', ['c', '', '']],
    ['what stands to the left of a column', '\x1b[4Gx', ['   x']],
  ])('shows %s', (_, output, lines) => {
    expect(rowsOf(output).map(textOf)).toEqual(lines)
  })

  it('keeps the colours of each character', () => {
    const [row = []] = rowsOf('\x1b[1m\x1b[32ma\x1b[39mb\x1b[22mc')
    expect(row.map(({ codes }) => codes)).toEqual([[1, 32], [1], []])
  })

  it('knows when it does not know a code', () => {
    expect(() => rowsOf('\x1b[3J')).toThrow('unknown code: 3J')
  })
})

it('a picture has each word at its column, with what XML wants escaped', () => {
  const svg = svgOf(rowsOf('a  \x1b[31m<b>\x1b[39m'), 'x & y')
  expect(svg).toContain('<text y="48"><tspan x="20">a</tspan><tspan x="45.2" class="red">&lt;b&gt;</tspan></text>')
  expect(svg).toContain('<title>x &amp; y</title>')
})

it('the picture in the README shows the step of the demo that fails', () => {
  const step = steps.at(-1)
  const last = `✔ ${step?.proves}`
  // It may take more than one line.
  expect([shown[0], shown.join(' ').slice(-last.length)]).toEqual([step?.tells, last])
  expect(shown.join('\n')).toMatch(/✖ Deploy failed on web-3\. All 3 hosts serve \S+ again \(verified\)\./)
})

it.each(exhaustive(['line by line']))('the picture in the README is what the demo shows, %s', async () => {
  // A step that takes a second says how long it took.
  const alike = (lines: readonly string[]) =>
    lines.map(line => line.replaceAll(/[\da-f]*\d[\da-f.]*/g, 'N').replace(/^(N:N .* [✔✖] .*) Ns$/, '$1'))
  const now = (await recordFailingDeploy()).map(row => textOf(row).replaceAll(/ +/g, ' ').trim()).filter(Boolean)
  expect(alike(now)).toEqual(alike(shown))
})
