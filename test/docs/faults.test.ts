import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const page = (name: string) => readFileSync(join(import.meta.dirname, `../../docs/${name}.md`), 'utf8')
const rows = (name: string, of: RegExp) =>
  page(name)
    .split('\n')
    .filter(line => of.test(line))
const faults = rows('faults', /^\| F\d+ /)
const threats = rows('threats', /^\| S\d+ /)
const named = [...faults, ...threats].flatMap(row =>
  [...row.matchAll(/`(\w+(?:\/[\w-]+)+)` ([^;|.]+)/g)].map(
    ([, file = '', words = '']) => [file, words.trim()] as const,
  ),
)

it('the table of faults has a row for each', () => {
  expect(faults.map(row => row.split(' ')[1])).toEqual(Array.from({ length: 71 }, (_, n) => `F${n + 1}`))
})

const broken = rows('testing', /^\| [a-z0-9-]+ +\| /).flatMap(row => {
  const [, name = '', breaks = ''] = row.split('|').map(cell => cell.trim())
  return [...(breaks.split(':')[0] ?? '').matchAll(/\b[SF]\d+\b/g)].map(([what]) => ({ what, name }))
})

it('the table of threats has a row for each, with the mutants that are of it', () => {
  const mutants = (threat: string) => broken.flatMap(one => (one.what === threat ? [one.name] : [])).sort()
  const wanted = Array.from({ length: 30 }, (_, n) => [`S${n + 1}`, mutants(`S${n + 1}`).join(', ')])
  expect(threats.map(row => [row.split(' ')[1], row.split('|')[3]?.trim()])).toEqual(wanted)
})

it('every threat and fault has a mutant, or a reason why it has none', () => {
  const all = [...faults, ...threats].map(row => row.split(' ')[1])
  const excused = rows('testing', /^\| [SF]\d+ +\| /).map(row => row.split(' ')[1])
  expect(all.filter(one => !broken.some(({ what }) => what === one))).toEqual(excused)
})

it.each(named)('a test in %s is called "%s"', (file, words) => {
  const paths = ['test.ts', 'exhaustive.test.ts'].map(end => join(import.meta.dirname, '..', `${file}.${end}`))
  expect(
    paths
      .filter(existsSync)
      .map(path => readFileSync(path, 'utf8'))
      .join('\n'),
  ).toContain(words)
})
