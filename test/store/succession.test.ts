import { describe, expect, it } from 'vitest'
import { digestsKept, endOf, endOfOther, pendingAfter, standingOf } from '../../src/store/succession.js'
import { generation, storedRelease } from './generation.js'

const [one, two, three] = [1, 2, 3].map(storedRelease) as [
  ReturnType<typeof storedRelease>,
  ReturnType<typeof storedRelease>,
  ReturnType<typeof storedRelease>,
]
const pending = generation({ number: 7, target: two, confirmed: one })
const who = { by: 'ben', at: '2026-12-02T12:00:00.000Z' }

describe('the next generation', () => {
  it('is the first where there is none', () => {
    const { number: _n, state: _s, confirmed: _c, reason: _r, bad: _b, ...announced } = pending
    expect(pendingAfter(null, announced)).toEqual({ ...pending, number: 1, confirmed: null })
  })

  it('remembers what is confirmed and what is bad', () => {
    const bad = [{ release: three.release, digest: three.digest, reason: 'sick', at: who.at }]
    const next = pendingAfter(generation({ number: 8, state: 'withdrawn', confirmed: one, bad }), pending)
    expect(next).toMatchObject({ number: 9, state: 'pending', confirmed: one, bad })
  })

  it('confirms what was to be brought, which is bad no more', () => {
    const bad = [{ release: two.release, digest: two.digest, reason: 'sick', at: who.at }]
    expect(endOf({ ...pending, bad }, { state: 'confirmed' }, who)).toEqual({
      ...pending,
      ...who,
      number: 8,
      state: 'confirmed',
      confirmed: two,
    })
  })

  it('withdraws it, and what was confirmed stays', () => {
    const end = { state: 'withdrawn', reason: 'web-1: disk full', bad: false } as const
    expect(endOf(pending, end, who)).toMatchObject({ number: 8, state: 'withdrawn', confirmed: one, bad: [] })
  })

  it('calls bad what had to be put back, once', () => {
    const end = { state: 'withdrawn', reason: 'web-1: 500', bad: true } as const
    const twice = endOf(endOf(pending, end, who), end, who)
    expect(twice.bad).toEqual([{ release: two.release, digest: two.digest, reason: 'web-1: 500', at: who.at }])
  })
})

describe('how a dead run ended', () => {
  it.each([
    ['confirmed where the fleet’s record names its release', ['web-1', 'web-2'], two.release, 'confirmed'],
    ['withdrawn where it names another', ['web-1', 'web-2', 'web-3'], one.release, 'withdrawn'],
    ['withdrawn where there is none', ['web-1', 'web-2'], null, 'withdrawn'],
    ['not known where a host of it is not ours', ['web-1'], one.release, 'foreign'],
    ['not known where a host of it is not ours, whatever ours say', ['web-1'], two.release, 'foreign'],
  ] as const)('is %s', (_, hosts, release, state) => {
    const end = endOfOther(pending, { hosts, release })
    expect(end === 'foreign' ? end : end.state).toBe(state)
  })
})

it.each([
  ['even', generation({ state: 'confirmed', confirmed: one }), one.release],
  ['even', null, null],
  ['even', generation({ state: 'withdrawn', confirmed: one }), one.release],
  ['pending', pending, one.release],
  ['behind', generation({ state: 'confirmed', confirmed: one }), two.release],
  ['empty', null, two.release],
] as const)('a store is %s', (standing, newest, release) => {
  expect(standingOf(newest, release)).toBe(standing)
})

describe('the files that stay of a stage', () => {
  const confirmed = (release: typeof one, number: number) =>
    generation({ number, state: 'confirmed', target: release, confirmed: release })
  const withdrawn = generation({ number: 9, state: 'withdrawn', target: three, confirmed: two })

  it.each([
    ['what is served, whatever is asked for', [confirmed(two, 8), confirmed(one, 6)], 0, [two]],
    ['what is served, and what was before', [confirmed(two, 8), confirmed(one, 6)], 2, [two, one]],
    ['what a run brings that is at work', [{ ...withdrawn, state: 'pending' }, confirmed(two, 8)], 1, [three, two]],
    ['nothing of a run that was withdrawn', [withdrawn, confirmed(two, 8)], 2, [two]],
    ['nothing of a run that was at work before another', [withdrawn, { ...pending, target: three }], 2, [two, one]],
    ['each release once', [withdrawn, confirmed(two, 8), confirmed(two, 6), confirmed(one, 4)], 2, [two, one]],
    ['nothing before anything was confirmed', [generation({ state: 'withdrawn', confirmed: null })], 2, []],
    ['no files of another tool', [confirmed({ ...two, digest: null } as never, 8), confirmed(one, 6)], 2, [one]],
  ] as const)('are those of %s', (_, newest, keep, kept) => {
    expect(digestsKept(newest, keep).digests).toEqual(kept.map(({ digest }) => digest))
  })

  it('are known when enough releases were found', () => {
    expect(digestsKept([confirmed(two, 8)], 2).isEnough).toBe(false)
    expect(digestsKept([confirmed(two, 8), confirmed(one, 6)], 2).isEnough).toBe(true)
  })
})
