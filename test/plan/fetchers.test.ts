import { expect, it } from 'vitest'
import { fetcherOn, lackingOf } from '../../src/plan/fetchers.js'
import type { HostPlan } from '../../src/plan/plan.js'

const MB = 1 << 20
type One = readonly [base: string | null, fetcher: 'curl' | null]
const plans = (...fleet: readonly One[]) =>
  fleet.map(
    ([baseDigest, fetcher], i) =>
      ({ host: { name: `h${i + 1}` }, prepare: [{ kind: 'push', baseDigest, fetcher }] }) as unknown as HostPlan,
  )
const whole: One = [null, 'curl']
const from = (base: string): One => [base, 'curl']
const none = { host: { name: 'h9' }, prepare: [] } as unknown as HostPlan

it.each([
  ['curl is taken first', ['curl', 'wget', 'timeout'], 'curl'],
  ['wget will do where it can be bounded', ['wget', 'timeout'], 'wget'],
  ['and not where it cannot', ['wget'], null],
  ['without either there is none', ['tar', 'timeout'], null],
])('%s', (_, tools, fetcher) => {
  expect(fetcherOn({ tools })).toBe(fetcher)
})

it.each([
  [
    'all that need everything fetch it',
    plans(whole, whole),
    MB + 1,
    [{ base: null, fetching: ['h1', 'h2'], unable: [] }],
  ],
  ['one alone, too: it may be there', plans(whole), MB + 1, [{ base: null, fetching: ['h1'], unable: [] }]],
  ['little is sent', plans(whole, whole), MB, []],
  [
    'a difference is fetched by those that share it',
    plans(from('a'), from('b'), from('a')),
    MB + 1,
    [{ base: 'a', fetching: ['h1', 'h3'], unable: [] }],
  ],
  [
    'who has no program is named',
    plans(whole, [null, null]),
    MB + 1,
    [{ base: null, fetching: ['h1'], unable: ['h2'] }],
  ],
  ['and does not count', plans(from('a'), ['a', null]), MB + 1, []],
  ['who needs nothing takes no part', [none], MB + 1, []],
])('%s', async (_, fleet, size, lacking) => {
  expect(await lackingOf(fleet, async () => size)).toEqual(lacking)
})
