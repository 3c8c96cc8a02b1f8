import { describe, expect, it } from 'vitest'
import { programs } from '../tiers/programs.js'
import { codeSpans, document, table } from './markdown.js'

const text = document('docs/testing.md')
const plain = (cell = '') => cell.replaceAll('`', '')

describe('docs/testing.md', () => {
  it('has every program that tests need, with its package', () => {
    const told = table(text, '| program | package |').map(([program, brought]) => [plain(program), plain(brought)])
    const needed = programs.exhaustive.map(({ name, apt, npm }) => [name, apt ?? `npm: ${npm}`])
    expect(told.sort()).toEqual(needed.sort())
  })

  it('says which of them the everyday tests need', () => {
    const rows = table(text, '| program | package |').filter(([, , tests]) => tests?.startsWith('everyday'))
    const told = rows.map(([program]) => plain(program))
    expect(told.filter(name => name !== 'zstd')).toEqual(
      programs.everyday.map(({ name }) => name).filter(name => name !== 'zstd'),
    )
  })

  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(document('package.json'))
    const named = [...new Set(codeSpans(text).flatMap(span => /npm run ([\w:]+)/.exec(span)?.[1] ?? []))]
    expect(named.length).toBeGreaterThan(3)
    expect(named.filter(name => !(name in scripts))).toEqual([])
  })
})
