import { describe, expect, it } from 'vitest'
import type { Rollout as RolloutConfig } from '../../src/config/config.js'
import { cutIntoBatches, type Seat } from '../../src/plan/batches.js'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
/** `abC`: a and b are up, c is down; `(d)` stays as it is. */
function seatsOf(text: string): readonly Seat[] {
  return [...text.matchAll(/\(?([a-zA-Z])\)?/g)].map(([whole, letter = '']) => ({
    name: letter.toLowerCase(),
    up: letter === letter.toLowerCase(),
    stays: whole.startsWith('('),
  }))
}
const all = (count: number) => names.slice(0, count).join('')
const config = (more: Partial<RolloutConfig> = {}): RolloutConfig => ({
  batch: '100%',
  minUp: null,
  canary: null,
  bake: null,
  ...more,
})
const canary = (hosts: number) => ({ hosts, pause: 0, check: null, confirm: true })
const shown = (seats: string, more: Partial<RolloutConfig>) => {
  const cut = cutIntoBatches(seatsOf(seats), config(more))
  return 'text' in cut ? cut.text : cut.batches.map(batch => batch.join('')).join(' ')
}

describe('hosts are taken', () => {
  it.each<[string, string, Partial<RolloutConfig>, string]>([
    ['all at once where nothing is said', all(3), {}, 'abc'],
    ['all at once, a fleet of one, whatever the batch is', 'a', { batch: 1 }, 'a'],
    ['all at once where a batch is larger than the fleet', all(3), { batch: 5 }, 'abc'],
    ['one at a time', all(3), { batch: 1 }, 'a b c'],
    ['by number, the last batch smaller', all(5), { batch: 2 }, 'ab cd e'],
    ['by share, rounded down', all(10), { batch: '25%' }, 'ab cd ef gh ij'],
    ['by share, exactly', all(10), { batch: '30%' }, 'abc def ghi j'],
    ['by share, at least one', all(3), { batch: '1%' }, 'a b c'],
    ['so that minUp stay up', all(5), { minUp: 3 }, 'ab cd e'],
    ['so that a share stays up, rounded up', all(5), { minUp: '50%' }, 'ab cd e'],
    ['in smaller batches than asked for, where minUp wants that', all(4), { batch: 3, minUp: 3 }, 'a b c d'],
    ['so that one stays up where nothing is said', all(3), { batch: 2 }, 'ab c'],
    ['together with hosts that are down anyway', 'aBcD', { batch: 2, minUp: 1 }, 'ab cd'],
    ['singly where most are down', 'aBCd', { batch: 3, minUp: 1 }, 'abc d'],
    ['without care for minUp where none is up', 'ABC', { batch: 2, minUp: 2 }, 'ab c'],
    ['all at once where nobody has to stay up', all(3), { minUp: 0 }, 'abc'],
    ['after the canary', all(4), { canary: canary(1) }, 'a bcd'],
    ['after a canary of several batches', all(5), { batch: 1, canary: canary(2) }, 'a b c d e'],
    ['after a canary that keeps to minUp', all(4), { minUp: 3, canary: canary(2) }, 'a b c d'],
    ['without a canary that would leave nobody', all(2), { canary: canary(2) }, 'ab'],
    ['those that change, the others with the first', '(a)b(c)de', { batch: 1 }, 'acb d e'],
    ['all in one batch where only one changes', '(a)b(c)', { batch: 1 }, 'acb'],
  ])('%s', (_, seats, more, expected) => {
    expect(shown(seats, more)).toBe(expected)
  })

  it.each<[string, string, Partial<RolloutConfig>, string]>([
    [
      'all would have to stay up',
      all(3),
      { minUp: 3 },
      '3 hosts are up, and 3 must stay up (rollout.minUp: 3): no host can be taken out of service',
    ],
    [
      'a fleet of one would have to stay up',
      'a',
      { minUp: 1 },
      '1 host is up, and 1 must stay up (rollout.minUp: 1): no host can be taken out of service',
    ],
    [
      'the only one that is up would go',
      'aB',
      { batch: 1 },
      'only 1 of 2 hosts are up, and 1 must stay up while hosts go in batches: no host can be taken out of service',
    ],
    [
      'fewer are up than must stay',
      'abCD',
      { minUp: '100%' },
      'only 2 of 4 hosts are up, and 4 must stay up (rollout.minUp: "100%"): no host can be taken out of service',
    ],
  ])('not at all when %s', (_, seats, more, expected) => {
    expect(shown(seats, more)).toBe(expected)
  })

  it.each([
    [{ batch: 1 as const, canary: canary(2) }, 2, 1],
    [{ canary: canary(2) }, 1, 1],
    [{ minUp: 0, canary: canary(1) }, 1, 0],
  ])('with %j, the canary is over after %i batches, and %i stay up', (more, batches, minUp) => {
    expect(cutIntoBatches(seatsOf(all(4)), config(more))).toMatchObject({ canary: { batches }, minUp })
  })

  const balancers = [{ name: 'HAProxy lb-1 web', brand: 'HAProxy' }]
  it.each<[string, string, Partial<RolloutConfig>, number, string]>([
    ['all at once', all(3), {}, 3, 'abc'],
    ['all at once, larger batches than the fleet', all(3), { batch: 5 }, 3, 'abc'],
    ['all that take part at once, others left out', all(3), {}, 4, 'abc'],
    ['one that nobody else could stand in for', 'aB', { batch: '100%' }, 2, 'ab'],
    ['the only one, another left out', 'a', { batch: 1 }, 2, 'a'],
    ['the only one that is up', 'a(B)', { batch: 2 }, 3, 'ab'],
  ])('without a drain: %s', (_, seats, more, hosts, expected) => {
    const cut = cutIntoBatches(seatsOf(seats), config(more), { hosts, balancers })
    expect(cut).toMatchObject({ batches: [[...expected]], drains: false, minUp: 0 })
  })

  it.each<[string, string, Partial<RolloutConfig>, number, string, number]>([
    ['in batches', all(3), { batch: 2 }, 3, 'ab c', 1],
    ['one that changes while the others serve', '(a)b(c)', {}, 3, 'acb', 1],
    ['one batch while the others serve', 'ab(c)(d)', { batch: 2 }, 4, 'cdab', 1],
    ['one batch that leaves minUp', '(a)(b)(c)d', { minUp: 3 }, 4, 'abcd', 3],
    ['one that is down, so that it is met when it is up', '(a)(b)C', { batch: 2 }, 3, 'abc', 1],
    ['what would be a batch if nobody were left out', all(2), { batch: 2 }, 3, 'a b', 1],
  ])('drained: %s', (_, seats, more, hosts, expected, minUp) => {
    const cut = cutIntoBatches(seatsOf(seats), config(more), { hosts, balancers })
    expect(cut).toMatchObject({ batches: expected.split(' ').map(batch => [...batch]), drains: true, minUp })
  })

  it.each(Array.from({ length: 10 }, (_, n) => n + 1))('every one of %i once, never too many', count => {
    for (const batch of [1, 2, 3, '25%', '50%', '100%'] as const)
      for (const minUp of [null, 0, 1, '50%', '75%'] as const) {
        const cut = cutIntoBatches(seatsOf(all(count)), config({ batch, minUp }))
        if ('text' in cut) continue
        expect(cut.batches.flat().join('')).toBe(all(count))
        for (const hosts of cut.batches) expect(count - hosts.length).toBeGreaterThanOrEqual(cut.minUp)
      }
  })
})
