import { describe, expect, it } from 'vitest'
import { hunksOf } from '../../src/text/hunks.js'
import { dice } from '../faults/dice.js'

const letters = (text: string) => [...text]

/** The hunks as `what goes > what comes`. */
function told(a: string, b: string): readonly string[] {
  return hunksOf(letters(a), letters(b)).map(
    hunk => `${a.slice(hunk.a.from, hunk.a.to)}>${b.slice(hunk.b.from, hunk.b.to)}`,
  )
}

/** The second list, made of the first one and the hunks. */
function applied(a: string, b: string): string {
  let [made, at] = ['', 0]
  for (const hunk of hunksOf(letters(a), letters(b))) {
    made += a.slice(at, hunk.a.from) + b.slice(hunk.b.from, hunk.b.to)
    at = hunk.a.to
  }
  return made + a.slice(at)
}

describe('hunks', () => {
  it.each([
    ['', '', []],
    ['abc', 'abc', []],
    ['', 'abc', ['>abc']],
    ['abc', '', ['abc>']],
    ['abc', 'xyz', ['abc>xyz']],
    ['abc', 'axc', ['b>x']],
    ['abcd', 'xbcy', ['a>x', 'd>y']],
    ['abc', 'abxc', ['>x']],
    ['aXbYc', 'abc', ['X>', 'Y>']],
    ['aa', 'aaa', ['>a']],
  ])('from "%s" to "%s" are %j', (a, b, expected) => expect(told(a, b)).toEqual(expected))

  const seed = Number(process.env.CLONEDEPLOY_SEED ?? Date.now() % 1_000_000)

  it(`make the one of the other, and lie apart and in order (CLONEDEPLOY_SEED=${seed})`, () => {
    const { roll, pick } = dice(seed)
    const random = () => Array.from({ length: roll(13) - 1 }, () => pick(['a', 'b', 'c'])).join('')
    for (let round = 0; round < 2000; round += 1) {
      const [a, b] = [random(), random()]
      expect([a, b, applied(a, b)]).toEqual([a, b, b])
      const hunks = hunksOf(letters(a), letters(b))
      for (const [i, hunk] of hunks.slice(1).entries()) {
        expect(hunk.a.from).toBeGreaterThan(hunks[i]?.a.to ?? 0)
        expect(hunk.b.from).toBeGreaterThan(hunks[i]?.b.to ?? 0)
      }
    }
  })

  it('of two that have little in common are one', () => {
    const many = (from: number) => Array.from({ length: 1500 }, (_, i) => `${from + i}`)
    const [a, b] = [
      ['<', ...many(0), '>'],
      ['<', ...many(5000), '>'],
    ]
    expect(hunksOf(a, b)).toEqual([{ a: { from: 1, to: 1501 }, b: { from: 1, to: 1501 } }])
  })
})
