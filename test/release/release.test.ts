import { describe, expect, it } from 'vitest'
import { fileTime, isReleaseId, releaseId, timeAfter, touchStamp } from '../../src/release/id.js'
import { paths, sharedTarget } from '../../src/release/paths.js'
import { retired, unconfirmed } from '../../src/release/retention.js'
import { addedEntries } from '../../src/release/shared.js'

describe('a release id', () => {
  it.each([
    ['2026-01-02T03:04:05.999Z', 'c0ffee1234567', 'sha256:abcdef0123', '20260102-030405-c0ffee1'],
    ['2026-01-02T03:04:05.000Z', null, 'sha256:abcdef0123', '20260102-030405-abcdef0'],
    ['2026-12-31T23:59:59+05:00', null, 'sha256:abcdef0123', '20261231-185959-abcdef0'],
  ])('of %s is made of UTC and the revision or digest', (now, revision, digest, expected) => {
    expect(releaseId(new Date(now), revision, digest)).toBe(expected)
  })

  it.each(['20260102-030405-c0ffee1', '20200101000000', 'v1.2.3', '_', 'a'.repeat(64)])('may be %s', name => {
    expect(isReleaseId(name)).toBe(true)
  })

  it.each([
    '',
    '.',
    '..',
    '.hidden',
    '-rf',
    'a b',
    'a/b',
    'a\nb',
    'a\n',
    'é',
    '*',
    '$(x)',
    'a'.repeat(65),
  ])('may not be %j', name => {
    expect(isReleaseId(name)).toBe(false)
  })

  it.each([
    ['20260102-030405-c0ffee1', '202601020304.05'],
    ['20261231-235959-c0ffee1', '202612312359.59'],
    ['20200101000000', '202001010000.00'],
    ['v1', '200001010000.00'],
  ])('%s gives files the time %s', (id, stamp) => {
    expect(touchStamp(fileTime(id))).toBe(stamp)
  })
})

describe('the time of a new release', () => {
  const now = new Date('2026-11-23T18:30:45Z')
  const id = (time: string) => releaseId(new Date(time), null, 'sha256:abcdef0')
  const [past, soon, far] = ['2026-11-22T10:10:10Z', '2026-11-23T20:00:00Z', '2099-12-31T23:59:58Z'] as const
  it.each<[string, readonly (readonly string[])[], string]>([
    ['is now', [[id(past)], [id(past)]], now.toISOString()],
    ['is after the newest of any host', [[id(past)], [id(soon)]], '2026-11-23T20:00:01.000Z'],
    ['is after one that two hosts hold, however new', [[id(far)], [], [id(far)]], '2099-12-31T23:59:59.000Z'],
    ['is after one that the only host holds', [[id(far)]], '2099-12-31T23:59:59.000Z'],
    ['is not after one from days to come that one host alone holds', [[id(far)], [id(past)]], now.toISOString()],
  ])('%s', (_, held, time) => expect(timeAfter(held, now).toISOString()).toBe(time))
})

describe('a path on a host', () => {
  it.each([
    [paths.release('r'), 'releases/r'],
    [paths.manifest('r'), '.clonedeploy/manifests/r'],
    [paths.seal('r'), '.clonedeploy/manifests/r.seal'],
    [paths.bad('r'), '.clonedeploy/bad/r'],
    [paths.tx('t'), '.clonedeploy/tx/t'],
    [paths.incoming('t'), '.clonedeploy/incoming/t'],
  ])('is %s', (path, expected) => {
    expect(path).toBe(expected)
  })

  it.each([
    ['.env', '../../shared/.env'],
    ['public/uploads', '../../../shared/public/uploads'],
    ['a/b/c', '../../../../shared/a/b/c'],
  ])('from the linked %s to shared/ is %s', (linked, target) => {
    expect(sharedTarget(linked)).toBe(target)
  })
})

describe('what unpack adds to a tree', () => {
  it.each([
    [[], [], [], 1],
    [[], ['uploads'], ['.env'], 3],
    [[], ['public/uploads'], [], 3],
    [['public'], ['public/uploads'], [], 2],
    [[], ['a/b/c', 'a/b/d'], ['a/e'], 6],
    [['a', 'a/b'], ['a/b/c'], ['config/x/y'], 5],
  ])('with folders %j, shared dirs %j and files %j is %i entries', (folders, dirs, files, count) => {
    expect(addedEntries(new Set(folders), { dirs, files })).toBe(count)
  })
})

describe('the releases that may go', () => {
  const id = (day: number) => `202601${String(day).padStart(2, '0')}-000000-aaaaaaa`
  const link = (release: string | null) => ({ kind: 'link', release }) as const
  const host = {
    current: link(id(5)),
    releases: [5, 4, 3, 2, 1].map(day => ({ id: id(day), digest: `sha256:${day}`, bad: null as string | null })),
    transactions: [] as { outcome: 'confirmed' | 'reverted' | null; next: string | null; old: string | null }[],
    fleet: null as { release: string; previous: string | null } | null,
  }
  const open = (outcome: 'reverted' | null) => ({ outcome, next: id(2), old: `/srv/shop/releases/${id(1)}` })
  const spoilt = (...days: number[]) =>
    host.releases.map(one => (days.some(day => one.id === id(day)) ? { ...one, bad: 'health' } : one))
  const putBack = {
    ...host,
    current: link(id(4)),
    releases: host.releases.with(0, { id: id(5), digest: 'sha256:5', bad: unconfirmed }),
  }
  const record = (release: number, previous: number) => ({ release: id(release), previous: id(previous) })

  it.each([
    ['all but the newest', host, id(6), 3, [3, 2, 1]],
    ['none when there are few', host, id(6), 6, []],
    ['those older than what is served when nothing new comes', host, null, 2, [3, 2, 1]],
    ['none that is served', { ...host, current: link(id(1)) }, id(6), 1, [5, 4, 3, 2]],
    ['none that the fleet is meant to serve', { ...host, fleet: record(2, 1) }, id(6), 1, [4, 3, 1]],
    ['none that was served before, when nothing new comes', { ...host, fleet: record(5, 1) }, null, 1, [4, 3, 2]],
    ['none of an open transaction', { ...host, transactions: [open(null)] }, id(6), 1, [4, 3]],
    ['those of a transaction that was decided', { ...host, transactions: [open('reverted')] }, id(6), 1, [4, 3, 2, 1]],
    ['bad ones first, and they count for nothing', { ...host, releases: spoilt(4, 2) }, id(6), 3, [4, 2, 1]],
    ['bad ones alone, where the good ones are few', { ...host, releases: spoilt(4) }, null, 4, [4]],
    ['none that was put back last and may be confirmed elsewhere', putBack, null, 5, []],
    ['what was put back and was followed by another deploy', putBack, id(6), 5, [5]],
    [
      'of Capistrano too',
      { ...host, releases: [...host.releases, { id: '20200101000000', digest: null, bad: null }] },
      id(6),
      6,
      ['20200101000000'],
    ],
    [
      'none with a name of another kind',
      {
        ...host,
        releases: [...host.releases, { id: 'by-hand', digest: null, bad: null }, { id: 'v1', digest: null, bad: null }],
      },
      id(6),
      6,
      [],
    ],
    [
      'none where nothing is',
      { current: { kind: 'absent' }, releases: [], transactions: [], fleet: null },
      id(1),
      1,
      [],
    ],
  ] as const)('are %s', (_, state, next, keep, expected) => {
    const ids = new Set(state.releases.map(one => one.id))
    const coming = next === null ? null : { id: next, digest: 'sha256:new' }
    expect(retired(state, coming, keep, ids)).toEqual(expected.map(one => (typeof one === 'number' ? id(one) : one)))
  })

  it('are those that the fleet never confirmed, and they count for nothing', () => {
    const confirmed = new Set([id(5), id(3), id(1)])
    expect(retired(host, { id: id(6), digest: 'sha256:6' }, 3, confirmed)).toEqual([id(4), id(2), id(1)])
  })

  it('are older copies of what was deployed again, and they count for nothing', () => {
    const again = (...days: number[]) =>
      host.releases.map(one => (days.some(day => one.id === id(day)) ? { ...one, digest: 'sha256:same' } : one))
    const ids = new Set(host.releases.map(one => one.id))
    const next = { id: id(6), digest: 'sha256:same' }
    expect(retired({ ...host, releases: again(4, 3) }, next, 3, ids)).toEqual([id(4), id(3), id(1)])
    expect(retired({ ...host, releases: again(5, 4) }, next, 3, ids)).toEqual([id(4), id(1)])
  })
})
