import { describe, expect, it } from 'vitest'
import { isOthers, nextDrains, openDrains } from '../../src/state/drains.js'
import type { DrainRecord } from '../../src/state/host-state.js'

const record = (seq: number, more: Partial<DrainRecord> = {}): DrainRecord => ({
  seq,
  tx: `t${seq}`,
  by: 'anna',
  at: '2026-01-01T00:00:00Z',
  out: [],
  ...more,
})
const hosts = (...records: readonly (DrainRecord | null)[]) => records.map(drained => ({ drained }))

describe('what a dead run has drained', () => {
  it.each<[string, readonly (DrainRecord | null)[], number | null]>([
    ['nothing, where no host says so', [null, null], null],
    ['by the record of all hosts', [record(1), record(1)], 1],
    ['by the record of one, when the others were not reached or are new', [null, record(2)], 2],
    ['by the newest of several', [record(1), record(3), record(2)], 3],
    ['nothing, when one host says that it is over', [record(3), record(3, { over: true })], null],
    [
      'nothing, when a later one is over and a host that was away holds an older',
      [record(2), record(3, { over: true })],
      null,
    ],
    ['by a record after one that is over', [record(3, { over: true }), record(4)], 4],
  ])('is known: %s', (_, records, seq) => {
    expect(openDrains(hosts(...records))?.seq ?? null).toBe(seq)
    expect(nextDrains(hosts(...records))).toBe(Math.max(0, ...records.map(one => one?.seq ?? 0)) + 1)
  })

  it.each([
    ['ready', null, false],
    ['unknown', record(1), false],
    ['drain', null, true],
    ['drain', record(1), false],
    ['drain', record(1, { out: ['lb web h1'] }), true],
    ['maint', record(1), true],
  ] as const)('a server in %s, with %j, is somebody else’s: %j', (state, open, others) => {
    expect(isOthers(state, 'lb web h1', open)).toBe(others)
  })
})
