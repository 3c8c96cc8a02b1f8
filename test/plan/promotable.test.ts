import { describe, expect, it } from 'vitest'
import type { FleetState, HostState } from '../../src/state/host-state.js'
import { promotable } from '../../src/state/promotable.js'
import { host, idOf, link, record, release, transaction } from './states.js'

const us = { app: 'shop', stage: 'staging' }
const others = { ...record(3, 3), app: 'shop', stage: 'production' }

const ours = (name: string, more: Partial<HostState> = {}) => host(name, more)
const with3 = (more: object) => ({ releases: [release(3, more), release(2), release(1)] })

function asked(states: readonly (HostState | string)[], id: string | null, alone: readonly string[] = []) {
  const fleet: FleetState = {
    hosts: states.map(state =>
      typeof state === 'string'
        ? { name: state, state: null, error: 'it does not answer' }
        : { name: state.name, state, error: null },
    ),
  }
  const heard = {
    record: alone.length > 0 ? null : record(3, 3),
    alone: alone.map(name => ({ host: name, record: record(4, 4) })),
  }
  return promotable(us, fleet, heard, id)
}

describe('what a stage has confirmed on all of its hosts', () => {
  it('is what it serves, or an earlier release that is asked for', () => {
    const revision = 'c0ffee1'.padEnd(40, '0')
    const states = ['a', 'b'].map(name => ours(name, with3({ revision })))
    expect(asked(states, null)).toEqual({ release: idOf(3), digest: 'sha256:3', commit: revision })
    expect(asked(states, idOf(2))).toEqual({ release: idOf(2), digest: 'sha256:2', commit: 'rev2' })
  })

  it('is an earlier release also where another is served', () => {
    expect(asked([ours('a'), ours('b', { current: link(2) })], idOf(1))).toMatchObject({ release: idOf(1) })
  })

  it.each<[string, Partial<HostState>, string | null, string]>([
    ['serves another', { current: link(2) }, null, `b  serves ${idOf(2)}`],
    ['serves nothing', { current: { kind: 'absent' } }, null, 'b  serves nothing'],
    ['does not hold it', {}, idOf(9), `b  does not hold ${idOf(9)}`],
    ['has not confirmed it', with3({ confirmed: false }), null, `b  holds ${idOf(3)}, which it has not confirmed`],
    ['holds it without a seal', with3({ digest: null }), null, `b  holds ${idOf(3)} without a seal`],
    ['has it as bad', with3({ bad: 'health' }), null, `b  holds ${idOf(3)}, which is marked bad: health`],
    [
      'holds something else by that name',
      with3({ digest: 'sha256:9' }),
      null,
      `its hosts hold ${idOf(3)} with different digests`,
    ],
    [
      'is in doubt',
      { transactions: [transaction('swapped', null)] },
      null,
      'b  was swapped by a run that was neither confirmed nor put back',
    ],
    [
      'is in doubt of another release',
      { transactions: [transaction('swapped', null)] },
      idOf(1),
      'b  was swapped by a run that was neither confirmed nor put back',
    ],
    [
      'has a damaged record',
      { damaged: [{ file: 'fleet', why: 'is no record' }] },
      null,
      'b  has a record that does not fit',
    ],
    ['is another’s', { fleet: others }, null, 'b  /srv/shop was deployed as '],
  ])('is not there where a host %s', (_, more, id, problem) => {
    const found = asked([ours('a'), ours('b', more)], id)
    expect(found).toEqual({ problems: expect.arrayContaining([expect.stringContaining(problem)]) })
  })

  it('is not known where a host is silent, or says alone what the fleet serves', () => {
    expect(asked([ours('a'), 'b'], null)).toEqual({ problems: ['b  could not be read: it does not answer'] })
    expect(asked([ours('a'), ours('b')], null, ['b'])).toEqual({
      problems: ['b  says of the fleet what no other host bears out'],
    })
  })

  it('is not there before a first deploy', () => {
    const none = { releases: [], current: { kind: 'absent' }, fleet: null } as const
    expect(
      promotable(
        us,
        { hosts: [{ name: 'a', state: ours('a', none), error: null }] } as FleetState,
        { record: null, alone: [] },
        null,
      ),
    ).toEqual({
      problems: ['its hosts have confirmed no release'],
    })
  })
})
