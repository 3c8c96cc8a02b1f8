import { describe, expect, it } from 'vitest'
import { diceOf, type Listed, readSlice, sliceOf } from './slice.js'

const everyday = tests('a.test.ts', ['one', 'group > two'])
const more = tests('a.test.ts', ['group > two + 2 (x)', ...Array.from({ length: 200 }, (_, n) => `case ${n}`)])
const all = [...everyday, ...more]

function tests(file: string, names: readonly string[]): readonly Listed[] {
  return names.map(name => ({ file, name }))
}

function namesIn(seed: string, parts: number): readonly string[] {
  const pattern = new RegExp(sliceOf(everyday, all, { seed, parts }).pattern)
  return all.map(({ name }) => name.replaceAll(' > ', ' ')).filter(name => pattern.test(name))
}

describe('a slice of the exhaustive tests', () => {
  it('of one part is all that is not run every day', () => {
    expect(namesIn('seed', 1)).toEqual(more.map(({ name }) => name.replaceAll(' > ', ' ')))
  })

  it('is about one in N of them, always the same for a seed and another for another', () => {
    const slices = ['a', 'b'].map(seed => namesIn(seed, 10))
    for (const slice of slices) expect(slice.length).toBeGreaterThan(8)
    for (const slice of slices) expect(slice.length).toBeLessThan(40)
    expect(namesIn('a', 10)).toEqual(slices[0])
    expect(slices[0]).not.toEqual(slices[1])
  })

  it('takes a file of exhaustive tests whole, or not at all', () => {
    const rare = tests('b.exhaustive.test.ts', ['first', 'second', 'third'])
    const sizes = Array.from(
      { length: 20 },
      (_, n) => sliceOf([], rare, { seed: `${n}`, parts: 2 }).pattern.split('|').length,
    )
    expect([...new Set(sizes)].sort()).toEqual([1, 3])
  })

  it('takes points of a fault one by one, however many are in a file', () => {
    const points = tests(
      'test/faults/b.exhaustive.test.ts',
      Array.from({ length: 240 }, (_, n) => `point ${n}`),
    )
    const { pattern } = sliceOf([], points, { seed: 's', parts: 24 })
    expect(pattern.split('|').length).toBeGreaterThan(2)
    expect(pattern.split('|').length).toBeLessThan(30)
  })

  it('rolls the dice of its seed', () => {
    const dice = ['a', 'a', 'b'].map(seed => diceOf({ seed, parts: 40 }))
    expect(dice[0]).toBe(dice[1])
    expect(dice[0]).not.toBe(dice[2])
  })

  it('names the files that it needs', () => {
    expect(sliceOf(everyday, all, { seed: 's', parts: 1 }).files).toEqual(['a.test.ts'])
    expect(sliceOf(everyday, everyday, { seed: 's', parts: 1 }).files).toEqual([])
  })

  it.each([
    ['2f3a9c1/40', { seed: '2f3a9c1', parts: 40 }],
    ['a/b/3', { seed: 'a/b', parts: 3 }],
  ])('is asked for as %s', (text, wanted) => expect(readSlice(text)).toEqual(wanted))

  it.each(['40', '/40', 'x/0', 'x/', 'x/y'])('is not asked for as %j', text => {
    expect(() => readSlice(text)).toThrow(`CLONEDEPLOY_SLICE=${text}`)
  })
})
