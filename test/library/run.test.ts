import { setImmediate as soon } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/library/events.js'
import { startRun } from '../../src/library/run.js'

const note = (text: string) =>
  ({ v: 1, t: '2026-01-02T03:04:05.678Z', type: 'note', level: 'info', host: null, text }) as const

async function textsOf(events: AsyncIterable<RunEvent>): Promise<readonly string[]> {
  const texts: string[] = []
  for await (const event of events) if (event.type === 'note') texts.push(event.text)
  return texts
}

describe('a run', () => {
  it('tells all events, those before anybody listened, too, and then its outcome', async () => {
    const run = startRun(async tell => {
      tell(note('a'))
      tell(note('b'))
      await soon()
      tell(note('c'))
      await soon()
      return 'done'
    })
    expect(await textsOf(run)).toEqual(['a', 'b', 'c'])
    expect(await run.outcome).toBe('done')
    expect(() => run[Symbol.asyncIterator]()).toThrow('told once')
  })

  it('goes on when nobody listens, or no longer', async () => {
    const told: string[] = []
    const run = startRun(async tell => {
      tell(note('a'))
      await soon()
      tell(note('b'))
      told.push('b')
      return 'done'
    })
    for await (const _ of run) break
    expect(await run.outcome).toBe('done')
    expect(told).toEqual(['b'])
  })

  it('throws what went wrong to who iterates and to who waits, and to nobody else', async () => {
    const fail = () =>
      startRun(async tell => {
        tell(note('a'))
        await soon()
        throw new Error('a bug')
      })
    await expect(textsOf(fail())).rejects.toThrow('a bug')
    await expect(fail().outcome).rejects.toThrow('a bug')
    fail()
    await soon()
    await soon()
  })
})
