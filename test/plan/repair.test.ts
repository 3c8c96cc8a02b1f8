import { describe, expect, it } from 'vitest'
import { beyondRepair, decideRepair, type Found, type RepairDecision } from '../../src/state/decide-repair.js'
import { nothingKnown, vouched } from '../../src/state/evidence/vouched-record.js'
import type { FleetRecord, HostState, ReleaseState, TransactionState } from '../../src/state/host-state.js'
import { host } from './states.js'

const [old, next] = ['20261122-101010-1f2e3d4', '20261123-183045-7a6ae02']

describe('what a repair decides', () => {
  it.each<[string, HostState[], Partial<Found>, RepairDecision['kind'], Readonly<Record<string, string>>]>([
    ['nothing, when all serve what the record says', [on('a', old), on('b', old)], {}, 'nothing', {}],
    ['nothing on a fleet that serves nothing yet', [empty('a'), empty('b')], {}, 'nothing', {}],
    ['nothing about a host that is away', [on('a', old)], { unreachable: ['b'] }, 'nothing', {}],
    [
      'to put back, when a swap was left and nobody confirmed',
      [swapped('a'), swapped('b')],
      {},
      'put back',
      { a: old, b: old },
    ],
    [
      'to put back the only one whose switch is dead',
      [swapped('a'), having(on('b', old), tx('swapped', 'reverted'))],
      {},
      'put back',
      { a: old },
    ],
    [
      'to put back one that died while it swapped',
      [having(on('a', old), tx('swapped', null)), on('b', old)],
      {},
      'put back',
      { a: old },
    ],
    [
      'to put back one that had decided to go back, and died before it was',
      [having(on('a', next), tx('swapped', 'reverted')), having(on('b', old), tx('swapped', 'reverted'))],
      {},
      'put back',
      { a: old },
    ],
    [
      'to serve the old release where nobody saw it restarted',
      [having(on('a', old), tx('unserved', 'reverted')), on('b', old)],
      {},
      'put back',
      { a: old },
    ],
    [
      'to go forward with one that died on its way back, when another has confirmed',
      [having(on('a', next), tx('swapped', 'reverted')), having(on('b', next), tx('swapped', 'confirmed'))],
      {},
      'bring',
      { a: 'swap', b: 'nothing' },
    ],
    [
      'to go forward, when one has confirmed by its register',
      [swapped('a'), having(on('b', next), tx('swapped', 'confirmed'))],
      {},
      'bring',
      { a: 'swap', b: 'nothing' },
    ],
    [
      'to go forward, when one has confirmed by the record',
      [swapped('a'), on('b', next, { seq: 2, release: next, tx: 't1' })],
      {},
      'bring',
      { a: 'swap', b: 'nothing' },
    ],
    [
      'to go forward, when the others had put themselves back',
      [having(on('a', next), tx('swapped', 'confirmed')), having(on('b', old), tx('swapped', 'reverted'))],
      {},
      'bring',
      { a: 'nothing', b: 'swap' },
    ],
    [
      'to go forward without a host that is away, when one has confirmed',
      [swapped('a'), having(on('b', next), tx('swapped', 'confirmed'))],
      { unreachable: ['c'] },
      'bring',
      { a: 'swap', b: 'nothing' },
    ],
    ['nothing that a host away may know better', [swapped('a'), swapped('b')], { unreachable: ['c'] }, 'unknown', {}],
    ['to sweep what was only staged', [having(on('a', old), tx('prepared', null)), on('b', old)], {}, 'sweep', {}],
    ['to sweep what was only armed', [having(on('a', old), tx('armed', null)), on('b', old)], {}, 'sweep', {}],
    ['to sweep a lock whose holder died', [{ ...on('a', old), lock: deadLock }, on('b', old)], {}, 'sweep', {}],
    [
      'to bring a host that fell behind',
      [on('a', next, { seq: 2, release: next }), on('b', old)],
      {},
      'bring',
      { a: 'nothing', b: 'swap' },
    ],
    [
      'to bring a host that is ahead of the record',
      [on('a', old, { seq: 3, release: old }), on('b', next)],
      {},
      'bring',
      { a: 'nothing', b: 'swap' },
    ],
    [
      'nothing about a host that lacks a release which cannot be got',
      [on('a', old), empty('b')],
      { brings: false, remakes: false },
      'nothing',
      {},
    ],
    [
      'to sweep all the same what an ended run left there',
      [on('a', old), { ...empty('b'), lock: deadLock }],
      { brings: false, remakes: false },
      'sweep',
      {},
    ],
    [
      'to bring those that hold it, first',
      [on('a', next, { seq: 2, release: next }), on('b', old), empty('c')],
      { brings: false, remakes: false },
      'bring',
      { a: 'nothing', b: 'swap', c: 'deploy' },
    ],
    ['to push to a host that lacks the release', [on('a', old), empty('b')], {}, 'bring', { a: 'nothing', b: 'push' }],
    [
      'to push where current leads nowhere',
      [on('a', old), { ...on('b', old), releases: [] }],
      {},
      'bring',
      { a: 'nothing', b: 'push' },
    ],
    [
      'to remove a damaged copy that is not served',
      [on('a', next, { seq: 2, release: next }), on('b', old)],
      { damaged: new Set(['b']) },
      'sweep',
      { b: 'remove' },
    ],
    [
      'to remove a copy of another digest',
      [
        on('a', next, { seq: 2, release: next }),
        { ...on('b', old), releases: [release(next, 'sha256:other'), release(old)] },
      ],
      {},
      'sweep',
      { b: 'remove' },
    ],
    [
      'nothing about a damaged copy that is served, where its bytes are nowhere',
      [on('a', old), on('b', old)],
      { damaged: new Set(['b']), remakes: false },
      'nothing',
      {},
    ],
    [
      'to make a release once more of which a damaged copy is served',
      [on('a', old), on('b', old)],
      { damaged: new Set(['b']) },
      'remake',
      { b: 'remake' },
    ],
    [
      'to sweep what a dead run left before that',
      [{ ...on('a', old), lock: deadLock }, on('b', old)],
      { damaged: new Set(['b']) },
      'sweep',
      {},
    ],
    [
      'to bring the others beside a damaged copy that is served, first',
      [on('a', old), on('b', old), empty('c')],
      { damaged: new Set(['b']) },
      'bring',
      { a: 'nothing', b: 'deploy', c: 'push' },
    ],
  ])('%s', (_, states, found, kind, what) => {
    const decision = decideRepair(states, { ...knowing(states), ...found })
    expect(decision.kind).toBe(kind)
    expect(whatOf(decision)).toEqual(what)
  })

  it.each<[string, HostState[], string]>([
    ['the newest record', [on('a', old, { seq: 3, release: old }), on('b', next, { seq: 2, release: next })], old],
    [
      'a confirmed swap that no record tells of',
      [having(on('a', next), tx('swapped', 'confirmed')), having(on('b', old), tx('swapped', 'reverted'))],
      next,
    ],
  ])('brings all to %s', (_, states, wanted) => {
    expect(decideRepair(states, knowing(states))).toMatchObject({
      release: wanted,
      digest: `sha256:${wanted}`,
    })
  })

  it('names the hosts that only another release can mend', () => {
    const damaged = new Set(['b'])
    const beyond = (remakes: boolean, ...states: HostState[]) =>
      beyondRepair(states, { ...knowing(states), damaged, remakes })
    expect(beyond(false, on('a', old), on('b', old))).toEqual(['b'])
    expect(beyond(true, on('a', old), on('b', old))).toEqual([])
    const lacking = { ...knowing([on('a', old)]), brings: false, remakes: false }
    expect(beyondRepair([on('a', old), empty('b')], lacking)).toEqual(['b'])
    expect(beyond(false, on('a', next, { seq: 2, release: next }), on('b', old))).toEqual([])
  })
})

/** Where all that the hosts have recorded was recorded from here. */
function knowing(states: readonly HostState[]): Found {
  const records = states.flatMap(({ fleet }) => fleet ?? [])
  return {
    unreachable: [],
    damaged: new Set(),
    remakes: true,
    brings: true,
    record: vouched(states, { ...nothingKnown, records }).record,
  }
}

/** What is done to each host: where it goes back to, or what it needs. */
function whatOf(decision: RepairDecision): Record<string, string> {
  switch (decision.kind) {
    case 'put back':
      return Object.fromEntries(
        [...decision.doubts].map(([name, doubt]) => [name, doubt.old?.replace('releases/', '') ?? '']),
      )
    case 'bring':
      return Object.fromEntries(decision.needs)
    case 'remake':
      return Object.fromEntries(decision.damaged.map(name => [name, 'remake']))
    case 'sweep':
      return Object.fromEntries(decision.remove.map(name => [name, 'remove']))
    default:
      return {}
  }
}

/** A host that serves a release, holds both, and has a record of the old one unless another is given. */
function on(name: string, serves: string, fleet: Partial<FleetRecord> = { seq: 1, release: old }): HostState {
  const whole = { previous: null, by: 'anna', at: '2026-11-23T18:30:45.000Z', release: old, seq: 1, ...fleet }
  return {
    ...empty(name),
    current: { kind: 'link', target: `releases/${serves}`, resolves: true, release: serves },
    releases: [release(next), release(old)],
    fleet: { ...whole, digest: `sha256:${whole.release}` },
  }
}

function swapped(name: string): HostState {
  return having(on(name, next), tx('swapped', null))
}

function having(state: HostState, transaction: TransactionState): HostState {
  return { ...state, transactions: [transaction] }
}

function tx(state: TransactionState['state'], outcome: TransactionState['outcome']): TransactionState {
  return { id: 't1', state, outcome, next, old: `releases/${old}`, lease: null }
}

function release(id: string, digest = `sha256:${id}`): ReleaseState {
  return {
    id,
    digest,
    extra: 1,
    tree: null,
    bad: null,
    confirmed: true,
    revision: null,
    run: null,
    tx: 't1',
    by: 'anna',
    at: null,
  }
}

const deadLock = { epoch: 4, held: true, holder: null, age: 3600, over: null }

function empty(name: string): HostState {
  return host(name, { current: { kind: 'absent' }, releases: [], fleet: null })
}
