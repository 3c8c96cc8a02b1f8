import { expect, it } from 'vitest'
import type { HostPlan } from '../../src/plan/plan.js'
import { takersOf } from '../../src/plan/relay.js'

const MB = 1 << 20
const hosts = (...bases: (string | null)[]) =>
  bases.map(
    (baseDigest, i) =>
      ({ host: { name: `h${i + 1}` }, prepare: [{ kind: 'push', baseDigest }] }) as unknown as HostPlan,
  )
const none = { host: { name: 'h9' }, prepare: [] } as unknown as HostPlan

it.each([
  ['the first host hands on what the others need', hosts(null, null, null), 1, MB + 1, { h2: 'h1', h3: 'h1' }],
  ['several take turns', hosts(null, null, null, null, null), 2, MB + 1, { h3: 'h1', h4: 'h2', h5: 'h1' }],
  [
    'each base has seeds of its own',
    hosts('a', null, 'a', null, 'a', null),
    1,
    MB + 1,
    { h3: 'h1', h5: 'h1', h4: 'h2', h6: 'h2' },
  ],
  ['little is sent from here', hosts(null, null, null), 1, MB, {}],
  ['two of a kind are not worth it', hosts('a', 'a', null), 1, MB + 1, {}],
  ['nor are as many seeds as hosts', hosts(null, null, null), 3, MB + 1, {}],
  ['who needs nothing takes no part', [none, ...hosts(null, null, null)], 1, MB + 1, { h2: 'h1', h3: 'h1' }],
])('%s', async (_, fleet, seeds, size, takers) => {
  const plan = { hosts: fleet, relay: { seeds, port: 1 } }
  expect(Object.fromEntries(await takersOf(plan, async () => size))).toEqual(takers)
  expect(await takersOf({ ...plan, relay: null }, async () => size)).toEqual(new Map())
})
