import { expect, it } from 'vitest'
import { timesOf } from './report.js'

it('the times of the folders are the sums of their tests, the slowest first', () => {
  const file = (name: string, ...durations: (number | null)[]) => ({
    name: `/home/anna/test/shop/test/${name}`,
    assertionResults: durations.map(duration => ({ duration })),
  })
  const results = [
    file('plan/a.test.ts', 500),
    file('e2e/a.test.ts', 1000, 2000, null),
    file('e2e/b.test.ts', 500),
    file('layers.test.ts'),
  ]
  expect(timesOf(results)).toEqual([
    { folder: 'e2e', files: 2, tests: 3, seconds: 3.5, share: 0.875 },
    { folder: 'plan', files: 1, tests: 1, seconds: 0.5, share: 0.125 },
    { folder: '.', files: 1, tests: 0, seconds: 0, share: 0 },
  ])
})
