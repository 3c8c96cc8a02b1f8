import { describe, expect, it } from 'vitest'
import { axisOf } from '../../../src/render/page/axis.js'
import { merged, without } from '../../../src/render/page/spans.js'
import { type Story, storyOf } from '../../../src/render/page/story.js'
import { slowestOf, waitsOf } from '../../../src/render/page/waits.js'
import { deployed, killed, writing } from './runs.js'

const span = (from: number, to: number) => ({ from, to })

describe('spans', () => {
  it.each([
    [[span(5, 8), span(0, 2), span(1, 5)], [span(0, 8)]],
    [
      [span(0, 1), span(2, 3)],
      [span(0, 1), span(2, 3)],
    ],
    [[], []],
  ])('of %j are %j in order, each moment once', (spans, expected) => {
    expect(merged(spans)).toEqual(expected)
  })

  it.each([
    [[span(0, 10)], [span(2, 3), span(5, 6)], [span(0, 2), span(3, 5), span(6, 10)]],
    [[span(0, 10)], [span(0, 4), span(8, 12)], [span(4, 8)]],
    [[span(0, 10)], [span(-5, 20)], []],
    [[span(0, 4), span(6, 9)], [], [span(0, 4), span(6, 9)]],
  ])('of %j without %j are %j', (spans, others, expected) => {
    expect(without(spans, others)).toEqual(expected)
  })
})

describe('the axis', () => {
  it('is true to scale where hosts work', () => {
    const { at, breaks, ticks } = axisOf(10_000, [span(0, 10_000)])
    expect([at(0), at(2500), at(10_000), at(20_000)]).toEqual([0, 25, 100, 100])
    expect([breaks, ticks]).toEqual([[], [0, 2000, 4000, 6000, 8000, 10_000]])
  })

  it('shows a long time without any work shorter, and has no round time in it', () => {
    const { at, breaks, ticks } = axisOf(20_000, [span(0, 1000), span(11_000, 20_000)])
    expect(breaks).toEqual([span(1000, 11_000)])
    expect(at(11_000) - at(1000)).toBeCloseTo((0.08 / 1.08) * 100)
    expect((at(20_000) - at(11_000)) / (at(1000) - at(0))).toBeCloseTo(9)
    expect(ticks.every(ms => ms <= 1000 || ms >= 11_000)).toBe(true)
  })

  it('is true to scale where such a time is but a few seconds', () => {
    expect(axisOf(6000, [span(0, 1000), span(5000, 6000)]).breaks).toEqual([])
  })

  it.each([0, 1, 340, 61_000, 7_200_000])('of %d ms has a handful of round times', total => {
    const { ticks } = axisOf(total, [span(0, total)])
    expect(ticks.length).toBeGreaterThan(0)
    expect(ticks.length).toBeLessThanOrEqual(7)
  })
})

const story = (events = deployed(3)) => storyOf(events) as Story

describe('who waited', () => {
  it('is told by the barrier: a host that is done until the phase ends, and not while it works in another', () => {
    const run = writing(['a', 'b'])
    run.phase('push', 0, [1000, 4000])
    run.at(1000, { type: 'phase.start', phase: 'prepare' })
    run.at(3000, { type: 'host.end', phase: 'prepare', step: 'prepare', host: 'a', ok: true, ms: 2000, note: '' })
    run.at(4000, { type: 'phase.end', phase: 'prepare', ok: true, ms: 3000, note: '' })
    const { phases } = story(run.events())
    expect([waitsOf(phases, 'a'), waitsOf(phases, 'b')]).toEqual([[span(3000, 4000)], []])
  })

  it('is not told of check, where hosts are read without steps', () => {
    const run = writing(['a'])
    run.at(0, { type: 'phase.start', phase: 'check' })
    run.at(500, { type: 'host.end', phase: 'check', step: 'connect', host: 'a', ok: true, ms: 500, note: '' })
    run.at(2500, { type: 'phase.end', phase: 'check', ok: true, ms: 2500, note: '' })
    expect(waitsOf(story(run.events()).phases, 'a')).toEqual([])
  })

  it('and for whom: the last of a phase, where it was clearly the last', () => {
    const found = story().phases.flatMap(phase => {
      const slowest = slowestOf(phase)
      return slowest === null ? [] : [[phase.phase, slowest.host, slowest.others]]
    })
    expect(found).toEqual([
      ['push', 'web-3', 5900],
      ['restart', 'web-2', 480],
      ['health', 'web-2', 1350],
    ])
    expect(story(deployed(1)).phases.map(slowestOf)).toEqual(Array.from({ length: 10 }, () => null))
  })
})

describe('a story', () => {
  it('of a run that was killed ends where its events do, with steps that have no end', () => {
    const { end, took, phases } = story(killed())
    expect([end, took]).toEqual([null, 1220])
    expect(phases.at(-1)).toMatchObject({ phase: 'push', from: 320, to: 1220, ok: null })
    expect(phases.at(-1)?.steps.map(({ host, ok, to }) => [host, ok, to])).toEqual([
      ['web-1', true, 1220],
      ['web-2', null, 1220],
    ])
  })

  it('may be long', () => {
    const run = writing(['a'])
    const line = { type: 'output', host: 'a', step: 'prepare', stream: 'stdout', line: '' } as const
    for (let i = 1; i <= 300_000; i++) run.at(i, line)
    expect(story(run.events()).took).toBe(300_000)
  })

  it('is none without a beginning', () => {
    expect([storyOf([]), storyOf(deployed(1).slice(1))]).toEqual([null, null])
  })
})
