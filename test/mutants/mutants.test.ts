import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { document, table } from '../docs/markdown.js'
import { choose } from './choose.js'
import { mutate, parseMutant, readMutants } from './mutant.js'
import { verdictOf } from './verdict.js'

const root = join(import.meta.dirname, '../..')
const mutants = readMutants()
const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(file =>
  file.endsWith('.ts'),
)
const sources = new Map(source.map(file => [`src/${file}`, document(`src/${file}`)]))

describe('every mutant', () => {
  it.each(mutants)('$name applies to the source, which can be compiled then', mutant => {
    const changed = mutate(mutant, sources)
    for (const [file, text] of changed) {
      expect(text).not.toBe(sources.get(file))
      expect(() => transformSync(text, { loader: 'ts' })).not.toThrow()
    }
  })

  it('has a row in the documentation', () => {
    const rows = table(document('docs/testing.md'), '| mutant ')
    expect(rows.map(([name, breaks]) => [name, breaks])).toEqual(mutants.map(({ name, breaks }) => [name, breaks]))
  })

  it('has in its row the test that noticed it, and how many seconds that took', () => {
    const rows = table(document('docs/testing.md'), '| mutant ')
    const noticed = (name: string | undefined, by: string) =>
      mutants.find(one => one.name === name)?.witnesses.some(({ file }) => by.startsWith(`\`${file}\` `))
    const wrong = rows.filter(([name, , by = '', seconds = '']) => !noticed(name, by) || !/^\d+$/.test(seconds))
    expect(wrong).toEqual([])
  })

  it.each(mutants)('$name names tests that exist', ({ witnesses }) => {
    for (const { file, words } of witnesses) {
      const path = join(root, `test/${file}.test.ts`)
      const found = existsSync(path) && readFileSync(path, 'utf8').includes(words)
      expect({ file, words, found }).toEqual({ file, words, found: true })
    }
  })
})

describe('a mutant', () => {
  const head = 'breaks: P1: it\nnoticed by: scripts/lock is\n\n'
  const patch = `${head}--- src/a.ts\n@@\n one\n-two\n+TWO\n three\n`
  const applied = (text: string, files: Readonly<Record<string, string>>) =>
    Object.fromEntries(mutate(parseMutant('it', text), new Map(Object.entries(files))))

  it('changes its lines, whatever stands around them', () => {
    expect(applied(patch, { 'src/a.ts': 'zero\n  one\n  two\n  three\n' })).toEqual({
      'src/a.ts': 'zero\n  one\nTWO\n  three\n',
    })
  })

  it('finds its lines where they have moved to', () => {
    expect(applied(patch, { 'src/a.ts': 'one', 'src/b/c.ts': 'one\ntwo\nthree' })).toEqual({
      'src/b/c.ts': 'one\nTWO\nthree',
    })
  })

  it('changes one file in several places', () => {
    const both = `${patch}@@\n-four\n`
    expect(applied(both, { 'src/a.ts': 'four\none\ntwo\nthree' })).toEqual({ 'src/a.ts': 'one\nTWO\nthree' })
  })

  it.each([
    ['nowhere', { 'src/a.ts': 'one\nthree' }],
    ['in 2 places', { 'src/a.ts': 'one\ntwo\nthree\none\ntwo\nthree' }],
    ['in 2 places', { 'src/b.ts': 'one\ntwo\nthree', 'src/c.ts': 'one\ntwo\nthree' }],
  ])('whose lines are %s does not apply, and is named', (where, files) => {
    expect(() => applied(patch, files)).toThrow(`it.patch does not apply: its lines are ${where}`)
  })

  it('without a word on what it breaks is none', () => {
    expect(() => parseMutant('it', patch.replace('breaks', 'about'))).toThrow('it.patch needs a line "breaks:"')
  })

  it.each([
    [
      'noticed',
      [
        { passed: true, errors: [] },
        { passed: false, errors: ['AssertionError: expected 3 to be 0'] },
      ],
    ],
    ['SURVIVED', [{ passed: true, errors: [] }]],
    ['ran out of time', [{ passed: false, errors: ['Error: Test timed out in 180000ms.'] }]],
    ['no test ran', []],
    ['does not build', null],
  ] as const)('has %s', (end, tests) => {
    const report = tests && { ended: true, tests: tests.map(test => ({ ...test, file: 'a', name: 'b' })) }
    expect(verdictOf(parseMutant('it', patch), report, 1).end).toBe(end)
  })
})

describe('the mutants to try', () => {
  const names = (asked: readonly string[], some?: string) => choose(mutants, asked, some).map(({ name }) => name)

  it('are all, or those that were asked for', () => {
    expect(names([])).toEqual(mutants.map(({ name }) => name))
    expect(names(['no-fence'])).toEqual(['no-fence'])
    expect(() => names(['no-such'])).toThrow('there is no mutant no-such')
  })

  it('are a few for a seed, the same ones each time, and others for another', () => {
    expect(names([], 'abc/2')).toHaveLength(2)
    expect(names([], 'abc/2')).toEqual(names([], 'abc/2'))
    expect(new Set(['a', 'b', 'c', 'd'].flatMap(seed => names([], `${seed}/2`))).size).toBeGreaterThan(2)
    expect(() => names([], 'abc')).toThrow('--some needs SEED/N')
  })
})
