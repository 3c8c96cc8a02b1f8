import { describe, expect, it } from 'vitest'
import { type Known, nothingKnown, vouched } from '../../src/state/evidence/vouched-record.js'
import type { FleetRecord, HostState, TransactionState } from '../../src/state/host-state.js'
import { host, idOf, link, record, release } from './states.js'

/** The record of the transaction of that day, in which that day's release was confirmed. */
function recorded(day: number, more: Partial<FleetRecord> = {}): FleetRecord {
  return { ...record(day, day), tx: txOf(day), ...more }
}

const txOf = (day: number) => `t0${day}`
const held = [1, 2, 3].map(day => release(day, { tx: txOf(day) })).reverse()

/** A host that was deployed to on that day last. */
function of(name: string, day: number, more: Partial<HostState> = {}): HostState {
  return host(name, { current: link(day), releases: held.slice(3 - day), fleet: recorded(day), ...more })
}

const wiped = (name: string) => host(name, { current: { kind: 'absent' }, releases: [], fleet: null })
const forged = (name: string, more: Partial<FleetRecord> = {}) => {
  const evil = release(9, { tx: txOf(9) })
  return of(name, 3, { current: link(9), releases: [evil, ...held], fleet: recorded(9, { seq: 1e9, ...more }) })
}
const left = (name: string, outcome: TransactionState['outcome'], more: Partial<TransactionState> = {}): HostState => ({
  ...of(name, outcome === null ? 3 : 2, { releases: held, fleet: recorded(2) }),
  transactions: [
    { id: txOf(3), state: 'swapped', outcome, next: idOf(3), old: `releases/${idOf(2)}`, lease: null, ...more },
  ],
})
/** A host that the first run ever has swapped, and nobody has decided on. */
const undecided = (name: string) => ({ ...left(name, null, { old: null }), fleet: null })
const knowing = (...days: readonly number[]): Known => ({ ...nothingKnown, records: days.map(day => recorded(day)) })
const trusting = (trusted: string): Known => ({ ...nothingKnown, trusted })

describe('what a fleet is to serve', () => {
  it.each<[string, HostState[], Known, number | null, readonly string[]]>([
    ['is nothing where nobody says anything', [wiped('a'), wiped('b')], nothingKnown, null, []],
    ['is nothing where a first run died on one host', [undecided('a'), wiped('b'), wiped('c')], nothingKnown, null, []],
    ['is what two hosts say', [of('a', 3), of('b', 3), of('c', 2)], nothingKnown, 3, []],
    ['is what two hosts say, for one that is new', [of('a', 3), of('b', 3), wiped('c')], nothingKnown, 3, []],
    ['is what the only host says', [of('a', 3)], nothingKnown, 3, []],
    ['is what one host says and all serve', [of('a', 3), of('b', 3, { fleet: recorded(2) })], nothingKnown, 3, []],
    ['is not what one host forged', [of('a', 3), of('b', 3), forged('c')], nothingKnown, 3, ['c']],
    ['is not what one host forged, to one other', [of('a', 3), forged('b')], nothingKnown, null, ['b']],
    ['is not what one host forged, to one that is known here', [of('a', 3), forged('b')], knowing(3), 3, ['b']],
    ['is not what one host forged, to one that is new', [forged('a'), wiped('b')], nothingKnown, null, ['a']],
    ['is what the host says that is trusted', [of('a', 3), of('b', 3), forged('c')], trusting('c'), 9, []],
    ['is what another says that is trusted', [of('a', 3), forged('b')], trusting('a'), 3, []],
    ['is what one host says and is known here', [of('a', 3), of('b', 2)], knowing(2, 3), 3, []],
    ['is what one host says and is known here, for one that is new', [of('a', 3), wiped('b')], knowing(3), 3, []],
    ['is not what one host alone says', [of('a', 3), of('b', 2)], nothingKnown, null, ['a']],
    ['is not what one host alone says, to two others', [of('a', 3), of('b', 2), of('c', 2)], nothingKnown, 2, ['a']],
  ])('%s', (_, states, known, day, alone) => expect(heard(states, known)).toEqual([day, alone]))

  it.each<[string, HostState[], Known]>([
    [
      'an old genuine record under a high number',
      [of('a', 3), of('b', 3), of('c', 3, { fleet: recorded(1, { seq: 1e9 }) })],
      knowing(1, 2, 3),
    ],
    [
      'that of a host that fell behind, under a high number',
      [of('a', 3), of('b', 3), of('c', 1), of('d', 3, { fleet: recorded(1, { seq: 1e9 }) })],
      nothingKnown,
    ],
    [
      'an old release under a new run',
      [of('a', 3), of('b', 3), of('c', 3, { fleet: recorded(1, { seq: 9, tx: txOf(9) }) })],
      knowing(1, 2, 3),
    ],
    [
      'an old build under the name of a new release',
      [of('a', 3), of('b', 3), forged('c', { digest: 'sha256:1' })],
      knowing(1, 2, 3),
    ],
    [
      'a run that another host was left by long ago',
      [of('a', 3), of('b', 3), of('c', 1, { releases: held, transactions: [{ ...open(2) }] }), lying('d', 2)],
      nothingKnown,
    ],
  ])('is never taken back by %s', (_, states, known) => {
    const [day, alone] = heard(states, known)
    expect([day, alone]).toEqual([3, [states.at(-1)?.name]])
  })

  it.each<[string, HostState[], number | null, readonly string[]]>([
    ['is the release of a run that one confirmed and another swapped', [of('a', 3), left('b', null)], 3, []],
    ['is that of a run after which another put itself back', [of('a', 3), left('b', 'reverted')], 3, []],
    [
      'is that of a run that one confirmed and could not record',
      [of('a', 3, { fleet: recorded(2), transactions: [open(3, 'confirmed')] }), left('b', 'reverted')],
      3,
      [],
    ],
    [
      'is that of a run of which another host still holds what it brought',
      [of('a', 3), of('b', 2, { releases: held.with(0, release(3, { tx: txOf(3), bad: back })) })],
      3,
      [],
    ],
    [
      'is not that of a run that ended and found it bad',
      [of('a', 3), of('b', 2, { releases: held.with(0, release(3, { tx: txOf(3), bad: 'health' })) })],
      null,
      ['a'],
    ],
    [
      'is not that of a run that brought another release',
      [of('a', 3), left('b', null, { next: idOf(1) }), wiped('c')].map(withoutSeals),
      null,
      ['a'],
    ],
    [
      'is not that of a run after which another was recorded',
      [of('a', 3, { fleet: recorded(3, { seq: 9 }) }), { ...left('b', 'reverted'), fleet: recorded(4) }],
      null,
      ['a'],
    ],
    ['is what the records say when all went back', [left('a', 'reverted'), left('b', 'reverted')], 2, []],
    ['is what most serve where there is no record', ['a', 'b'].map(bare(3)).concat(bare(2)('c')), 3, []],
    ['is not what one serves where there is no record', [bare(3)('a'), bare(2)('b')], null, ['a', 'b']],
    ['is what two say in older records', [older('a', 3), older('b', 3), older('c', 2)], 3, []],
  ])('%s', (_, states, day, alone) => expect(heard(states, nothingKnown)).toEqual([day, alone]))

  it('is nothing that a host says which is new', () => {
    const silent = new Set(['c'])
    const states = [of('a', 3), of('b', 3), forged('c')]
    expect(vouched(states, nothingKnown, silent)).toMatchObject({ record: { release: idOf(3) }, alone: [] })
    const brings = { ...wiped('c'), fleet: recorded(9, { seq: 1e9 }) }
    expect(vouched([of('a', 3), brings], nothingKnown, silent)).toMatchObject({ record: null, alone: [{ host: 'a' }] })
  })

  it('is what two say that have left out a host which has as high a number', () => {
    const excluded = [{ host: 'c', reason: 'burnt', by: 'anna', at: 'noon' }]
    const giving = (name: string) => of(name, 2, { fleet: { ...recorded(2), seq: 3, excluded } })
    expect(heard([giving('a'), giving('b'), of('c', 3)], knowing(3))).toEqual([2, []])
  })

  it('leaves out whom two hosts leave out, and nobody else', () => {
    const [one, other] = ['web-8', 'web-9'].map(name => ({ host: name, reason: 'burnt', by: 'anna', at: 'noon' }))
    const lists = (...all: (readonly unknown[])[]) =>
      vouched(all.map((excluded, i) => of(`h${i}`, 3, { fleet: recorded(3, { excluded } as object) }))).record?.excluded
    expect(lists([one], [one], [one, other, other])).toEqual([one])
    expect(lists([], [other])).toEqual([])
    expect(lists([one])).toEqual([one])
  })

  it('names the hosts that two hosts name, and no other', () => {
    const lists = (...all: (readonly string[] | undefined)[]) =>
      vouched(all.map((hosts, i) => of(`h${i}`, 3, { fleet: recorded(3, hosts && ({ hosts } as object)) }))).record
        ?.hosts
    expect(lists(['a', 'b'], ['a', 'b', 'c'], ['c', 'd', 'd'])).toEqual(['a', 'b', 'c'])
    expect(lists(['a'], undefined)).toBeUndefined()
    expect(lists(['a'])).toEqual(['a'])
  })
})

function heard(states: readonly HostState[], known: Known) {
  const { record: found, alone } = vouched(states, known)
  return [found === null ? null : Number(found.release.slice(6, 8)), alone.map(word => word.host)]
}

const back = 'put back before the fleet confirmed it'

function open(day: number, outcome: TransactionState['outcome'] = null): TransactionState {
  return { id: txOf(day), state: 'swapped', outcome, next: idOf(day), old: null, lease: null }
}

function lying(name: string, day: number): HostState {
  return of(name, 3, { fleet: recorded(day, { seq: 1e9 }) })
}

function withoutSeals(state: HostState): HostState {
  return { ...state, releases: state.releases.map(one => ({ ...one, tx: null })) }
}

function bare(day: number): (name: string) => HostState {
  return name => of(name, day, { fleet: null })
}

function older(name: string, day: number): HostState {
  return of(name, day, { fleet: record(day, day) })
}
