import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const text = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8')
const rows = text.split('\n').filter(line => /^\| F\d+ /.test(line))
const named = rows.flatMap(row =>
  [...row.matchAll(/`(\w+\/[\w-]+)` ([^;|.]+)/g)].map(([, file = '', words = '']) => [file, words.trim()] as const),
)

it('the table of faults has a row for each', () => {
  expect(rows.map(row => row.split(' ')[1])).toEqual(Array.from({ length: 68 }, (_, n) => `F${n + 1}`))
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
