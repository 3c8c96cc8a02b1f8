import { describe, expect, it } from 'vitest'
import { type Broken, brokenNow, isBrokenForGood } from '../../src/fleet/health/answer.js'

const refused = undefined

describe('an app has failed for good', () => {
  it.each([
    ['after 500 for a third of the time', 30_000, every(1000, Array(11).fill(500)), true],
    ['not before', 30_000, every(1000, Array(10).fill(500)), false],
    ['after 5 s of a short time', 9000, every(1000, Array(6).fill(500)), true],
    ['not before 5 s of it', 9000, every(900, Array(6).fill(500)), false],
    ['not after 4 tries', 30_000, every(5000, Array(4).fill(500)), false],
    ['not while it refuses connections', 30_000, every(1000, Array(29).fill(refused)), false],
    ['not while it is not ready', 30_000, every(1000, Array(29).fill(503)), false],
    [
      'not when another answer came between',
      30_000,
      every(1000, [...Array(9).fill(500), 503, ...Array(9).fill(500)]),
      false,
    ],
    [
      'when 500 is all that comes after it started',
      30_000,
      every(1000, [refused, refused, ...Array(11).fill(500)]),
      true,
    ],
  ])('%s', (_, timeout, answers, failed) => {
    let broken: Broken | null = null
    for (const { status, at } of answers) broken = brokenNow(broken, status === undefined ? {} : { status }, at)
    expect(isBrokenForGood(broken, answers.at(-1)?.at ?? 0, timeout)).toBe(failed)
  })
})

function every(ms: number, statuses: readonly (number | undefined)[]) {
  return statuses.map((status, i) => ({ status, at: i * ms }))
}
