import { expect, it } from 'vitest'
import { everything, outputLines, type Told } from '../../src/fleet/output-lines.js'

function told(chunks: readonly string[], most?: Told) {
  const lines: string[] = []
  const output = outputLines((stream, line) => lines.push(`${stream} ${line}`), most)
  for (const chunk of chunks) output.write('stdout', Buffer.from(chunk, 'latin1'))
  output.write('stderr', Buffer.from('last\nwords'))
  output.end()
  return lines.filter(line => line.startsWith('stdout') || line.includes('not shown'))
}

it.each([
  { chunks: ['a\nb\n'], lines: ['a', 'b'] },
  { chunks: ['a', 'b', '\n\nc', 'd'], lines: ['ab', '', 'cd'] },
  { chunks: ['\xc3', '\xa9\n'], lines: ['é'] },
  { chunks: [], lines: [] },
])('output $chunks is told in lines', ({ chunks, lines }) => {
  expect(told(chunks)).toEqual(lines.map(line => `stdout ${line}`))
})

it.each([
  { what: 'lines', most: { lines: 2, bytes: 1000 }, chunks: ['a\n', 'b\n', 'c\n', 'd\n'] },
  { what: 'bytes', most: { lines: 1000, bytes: 2 }, chunks: ['a\n', 'b\n', 'c\n', 'd\n'] },
])('beyond so many $what, output is only counted', ({ most, chunks }) => {
  expect(told(chunks, most)).toEqual(['stdout a', 'stdout b', 'stderr … 14 bytes more were printed and are not shown'])
})

it('a program that prints without end is told of no more than 10,000 lines, and a few', () => {
  const chunk = 'y\n'.repeat(1000)
  const lines = told(Array.from({ length: 1000 }, () => chunk))
  expect(lines.length).toBe(10_001)
  expect(lines.at(-1)).toBe('stderr … 1980010 bytes more were printed and are not shown')
})

it('everything is told where it is what was asked for', () => {
  expect(
    told(
      Array.from({ length: 20_000 }, () => 'y\n'),
      everything,
    ).length,
  ).toBe(20_000)
})
