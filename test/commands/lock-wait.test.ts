import { expect, it } from 'vitest'
import type { Context } from '../../src/commands/context/context.js'
import { afterCheck, withLockWait } from '../../src/commands/context/lock-wait.js'
import { LockedError } from '../../src/errors.js'
import type { Event } from '../../src/fleet/events.js'
import { never } from '../../src/fleet/stop.js'

const reading: readonly Event[] = [
  { type: 'phase.start', phase: 'check' },
  { type: 'phase.end', phase: 'check', ok: true, ms: 3, note: '3/3 hosts' },
]
const building: Event = { type: 'phase.start', phase: 'build' }

it('a try that finds the fleet locked again tells nothing', () => {
  const told: Event[] = []
  const { emit } = afterCheck(event => told.push(event))
  for (const event of reading) emit(event)
  expect(told).toEqual([])
})

it('the try that gets further tells what it has read, and then all the rest at once', () => {
  const told: Event[] = []
  const { emit } = afterCheck(event => told.push(event))
  for (const event of [...reading, building, ...reading]) emit(event)
  expect(told).toEqual([...reading, building, ...reading])
})

it('a try that fails otherwise tells what it has read', () => {
  const told: Event[] = []
  const { emit, tell } = afterCheck(event => told.push(event))
  for (const event of reading) emit(event)
  tell()
  expect(told).toEqual(reading)
})

/** What is told, and when in seconds, of a fleet whose lock is held for so long. */
async function waitFor(heldSeconds: number, lockWait: number) {
  let now = 5_000
  const told: (readonly [number, string])[] = []
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms
    },
  }
  const emit = (event: Event) =>
    told.push([(now - 5_000) / 1000, event.type === 'note' ? event.text : `${event.type} check`])
  const context = { io: { stop: never, again: (flag: string) => flag }, emit } as unknown as Context
  const attempt = async ({ emit }: Context) => {
    for (const event of reading) emit(event)
    if (now - 5_000 < heldSeconds * 1000) throw new LockedError('production is locked by anna@laptop.')
    emit(building)
    return 'deployed'
  }
  const ended = withLockWait(context, { lockWait: lockWait * 1000 }, attempt, clock)
  return { ended: await ended.catch((error: Error) => error), told }
}

const read = (second: number) => reading.map(({ type }) => [second, `${type} check`])

it('a long wait is told at once, and then once a minute', async () => {
  const { ended, told } = await waitFor(150, 600)
  expect(ended).toBe('deployed')
  expect(told).toEqual([
    ...read(0),
    [0, 'production is locked by anna@laptop. Waiting.'],
    [60, 'production is locked by anna@laptop. Still waiting, for 1m.'],
    [120, 'production is locked by anna@laptop. Still waiting, for 2m.'],
    ...read(150),
    [150, 'phase.start check'],
  ])
})

it('a wait that is over without the lock ends as locked', async () => {
  const { ended, told } = await waitFor(150, 90)
  expect(ended).toBeInstanceOf(LockedError)
  expect(told.map(([second]) => second)).toEqual([0, 0, 0, 60])
})

it('without --lock-wait nothing is waited for', async () => {
  const { ended, told } = await waitFor(150, 0)
  expect(ended).toBeInstanceOf(LockedError)
  expect(told).toEqual(read(0))
})
