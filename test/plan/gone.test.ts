import { describe, expect, it } from 'vitest'
import { doubtOf, type Listed, type Loss } from '../../src/state/evidence/gone.js'
import type { FleetRecord } from '../../src/state/host-state.js'

const web = (i: number): Listed => ({ name: `web-${i}`, host: `10.0.0.${i}` })
const fleet = (...numbers: readonly number[]) => numbers.map(web)
const names = (...numbers: readonly number[]) => numbers.map(i => `web-${i}`)

function record(hosts: readonly string[]): FleetRecord {
  return { seq: 1, release: 'r', digest: null, previous: null, by: '', at: '', hosts }
}

const loss: Loss = {
  before: fleet(1, 2, 3, 4, 5),
  now: fleet(1, 2, 3, 4),
  lost: names(5),
  present: names(1, 2, 3, 4),
  record: record(names(1, 2, 3, 4, 5)),
  allowed: 0,
}

describe('a lost host', () => {
  it.each<[string, Partial<Loss>]>([
    ['is no longer listed', {}],
    [
      'is one of two that are no longer listed, fewer than half',
      { now: fleet(1, 2, 3), lost: names(4, 5), present: names(1, 2, 3) },
    ],
    ['was replaced by a new one', { now: [...fleet(1, 2, 3, 4), web(9)] }],
    ['was never recorded', { record: null }],
    ['went together with one that takes no part', { now: fleet(1, 2, 3), present: names(1, 2, 3) }],
    [
      'goes after a person said how many may be gone',
      { record: record(names(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), allowed: 6 },
    ],
  ])('is gone that %s', (_, than) => {
    expect(doubtOf({ ...loss, ...than })).toBe(null)
  })

  it.each<[string, string, Partial<Loss>]>([
    ['is still listed', 'web-5 is still listed', { now: fleet(1, 2, 3, 4, 5) }],
    [
      'is listed under another name',
      'web-5 is still listed, as app-5',
      { now: [...fleet(1, 2, 3, 4), { name: 'app-5', host: '10.0.0.5', port: 22 }] },
    ],
    [
      'is one of two, and the other is still listed',
      'web-4 is still listed',
      { lost: names(4, 5), present: names(1, 2, 3) },
    ],
    ['is missing beside one that answers', 'it does not list web-4 either, and that answers', { now: fleet(1, 2, 3) }],
    [
      'is one of half of the inventory',
      'it lists 2 of 4 hosts any more, and a run goes on only while fewer than half are gone',
      { before: fleet(1, 2, 3, 4), now: fleet(1, 2), lost: names(3, 4), present: names(1, 2) },
    ],
    [
      'is one of two hosts',
      'it lists 1 of 2 hosts any more, and a run goes on only while fewer than half are gone',
      { before: fleet(1, 2), now: fleet(1), lost: names(2), present: names(1) },
    ],
    [
      'comes on top of many that the run began without',
      '6 that the fleet had are gone: that is most of the fleet',
      { record: record(names(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) },
    ],
    [
      'comes on top of as many as a person said may be gone',
      '6 that the fleet had are gone: that is most of the fleet',
      { record: record(names(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), allowed: 5 },
    ],
  ])('is not gone that %s', (_, why, than) => {
    expect(doubtOf({ ...loss, ...than })).toBe(why)
  })

  it.each([
    [{ host: 'WEB.example.com' }, true],
    [{ host: 'web.example.com', port: 22 }, true],
    [{ host: 'web.example.com', port: 2222 }, false],
  ])('is looked for by its address: %j', (where, same) => {
    const before = [...fleet(1, 2), { name: 'web-5', host: 'web.example.com' }]
    const now = [...fleet(1, 2), { name: 'other', ...where }]
    expect(doubtOf({ ...loss, before, now, present: names(1, 2), record: null }) !== null).toBe(same)
  })
})
