import { describe, expect, it } from 'vitest'
import { assess } from '../../src/state/assess-fleet.js'
import { lacksOwner, otherOwner, ownedByOthers, withOwnRecords } from '../../src/state/evidence/owner.js'
import type { HostState, Owner } from '../../src/state/host-state.js'
import { host, idOf, link, record, transaction } from './states.js'

const us = { app: 'store', stage: 'production' }
const old = { app: 'shop', stage: 'production' }
const staging = { app: 'store', stage: 'staging' }

const recorded = (owner: Partial<Owner>, seq = 3): Partial<HostState> => ({ fleet: { ...record(seq, 3), ...owner } })

function locked(owner: Partial<Owner>, held = true): Partial<HostState> {
  const holder = { tx: 't1', who: 'anna', from: 'laptop', command: 'deploy x', reason: '', since: '' }
  return { lock: { epoch: 2, held, holder: { ...holder, ...owner }, age: 900, over: null } }
}

describe('a deployTo', () => {
  it.each<[string, Partial<HostState>, Owner | null]>([
    ['was deployed as what we are', recorded(us), null],
    ['was deployed as another app', recorded(old), old],
    ['was deployed as another stage', recorded(staging), staging],
    ['holds nothing', { fleet: null, current: { kind: 'absent' }, releases: [] }, null],
    ['was deployed by another tool', { fleet: null }, null],
    ['was deployed by a version that did not say for what', recorded({}), null],
    ['was deployed by one that said half of it', recorded({ app: 'shop' }), null],
    ['is being deployed as another stage, for the first time', { fleet: null, ...locked(staging) }, staging],
    [
      'was to be deployed as another stage, whose lock was given back',
      { fleet: null, ...locked(staging, false) },
      null,
    ],
    ['was deployed as what we are, and somebody else locked it', { ...recorded(us), ...locked(old) }, null],
    ['was deployed as another, and a run of ours locked it', { ...recorded(old), ...locked(us) }, null],
    [
      'was deployed as another, and a run of ours swapped it and died',
      { ...recorded(old), ...locked(us), transactions: [transaction('swapped', null)] },
      null,
    ],
    ['was deployed as another, and nobody knows who locked it', { ...recorded(old), ...locked({}) }, old],
  ])('that %s', (_, more, owner) => {
    expect(otherOwner(host('web-1', more), us)).toEqual(owner)
  })

  it('that is not ours is named with whose it is, and who we are', () => {
    const states = [host('a', recorded(us)), host('b', recorded(old)), host('c', { fleet: null, ...locked(staging) })]
    expect(ownedByOthers(states, us)).toEqual([
      { host: 'b', text: '/srv/shop was deployed as shop/production, and this is store/production' },
      { host: 'c', text: '/srv/shop is being deployed as store/staging, and this is store/production' },
    ])
  })

  it.each<[string, readonly Partial<HostState>[], boolean]>([
    ['every host records us', [recorded(us), recorded(us)], false],
    ['one records nobody', [recorded(us), { fleet: null }], true],
    ['all record another', [recorded(old), recorded(old)], true],
    ['an earlier version recorded it', [recorded({})], true],
    ['there is no record yet', [{ fleet: null }, { fleet: null }], false],
  ])('where %s: whether --adopt has something to record', (_, hosts, lacks) => {
    expect(
      lacksOwner(
        hosts.map((more, i) => host(`web-${i}`, more)),
        us,
      ),
    ).toBe(lacks)
  })
})

describe('the records of another owner', () => {
  it('count for nothing beside one of ours, whatever their number', () => {
    const states = [host('a', recorded(us, 2)), host('b', recorded(old, 50))]
    expect(withOwnRecords(states, us).map(({ fleet }) => fleet?.seq ?? null)).toEqual([2, null])
  })

  it('are what there is to go by where an app was renamed', () => {
    const states = [host('a', recorded(old, 2)), host('b', recorded(old, 3))]
    expect(withOwnRecords(states, us)).toEqual(states)
  })

  it('are said by status of their host, with both ways out, and move nobody', () => {
    const theirs = { current: link(9), fleet: { ...record(50, 9), ...old } }
    const hosts = [host('a', recorded(us)), host('b', theirs)].map(state => ({ name: state.name, state, error: null }))
    const report = assess(us.app, us.stage, { hosts }, new Map())
    expect(report).toMatchObject({ result: 'mixed', exitCode: 6, target: idOf(3) })
    expect(report.hosts.map(({ verdict }) => verdict)).toEqual(['consistent', 'not ours'])
    expect(report.hosts[1]).toMatchObject({
      flag: 'NOT OURS',
      says: 'b: /srv/shop was deployed as shop/production, and this is store/production.',
      next: 'fix: give each a deployTo of its own; or, if only the name changed: clonedeploy repair --adopt',
    })
  })
})
