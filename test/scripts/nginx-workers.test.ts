import { describe, expect, it } from 'vitest'
import { parseWorkers } from '../../src/scripts/service/nginx-workers.js'

// Up for 1,000 s, 100 ticks a second: who started at 90000 has run for 100 s.
describe('the workers of nginx', () => {
  it.each([
    ['none', 'clock 1000 100 50', null],
    ['one that has read the file', 'clock 1000 100 50 on,1,9,96000', { active: 1, old: 0, unread: null }],
    ['one that is older than it', 'clock 1000 100 50 on,1,9,90000', { active: 1, old: 0, unread: 50 }],
    [
      'one that started about when it was changed',
      'clock 1000 100 50 on,1,9,94900',
      { active: 1, old: 0, unread: null },
    ],
    [
      'one of before that ends, and one that has read it',
      'clock 1000 100 50 old,1,8,90000 on,1,9,96000',
      { active: 1, old: 1, unread: null },
    ],
    [
      'an older one beside one that was started again, of the same nginx',
      'clock 1000 100 50 on,1,8,90000 on,1,9,96000',
      { active: 2, old: 0, unread: 50 },
    ],
    ['another nginx that is older', 'clock 1000 100 50 on,1,8,90000 on,2,9,96000', { active: 2, old: 0, unread: null }],
    ['a file from the future', 'clock 1000 100 -50 on,1,9,90000', { active: 1, old: 0, unread: null }],
  ])('are known: %s', (_, line, seen) => {
    expect(parseWorkers(line)).toEqual(seen)
  })
})
