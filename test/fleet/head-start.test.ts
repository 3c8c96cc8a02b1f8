import { describe, expect, it } from 'vitest'
import { headStarts } from '../../src/fleet/transaction/head-start.js'

const near = [1, 1, 1, 1, 1]
const far = [41, 45, 42, 41, 41]

describe('the word to the farthest host', () => {
  it.each([
    ['goes ahead by half of what its way is longer', [far, near, [21, 21, 21, 21, 21]], [0, 20, 10]],
    [
      'goes with those to hosts that were as quick once',
      [
        [21, 30, 60, 25, 44],
        [8, 19, 12, 31, 9],
        [7, 9, 8, 8, 20],
      ],
      [0, 0, 7],
    ],
    ['goes with that to a near host that is busy', [far, [1, 60, 1, 1, 1]], [0, 0]],
    ['goes ahead by what was measured once', [[41], near], [0, 20]],
    ['goes at once where there is no other', [far], [0]],
  ])('%s', (_, hosts, starts) => {
    expect(headStarts(hosts)).toEqual(starts)
  })
})
