import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Payload } from '../../src/artifact/artifact.js'
import type { Context } from '../../src/commands/context/context.js'
import { Interrupted } from '../../src/commands/context/io.js'
import { packFirst } from '../../src/commands/deploy/pack-first.js'
import type { Event } from '../../src/fleet/events.js'
import { createStopper } from '../../src/fleet/stop.js'
import type { Plan } from '../../src/plan/plan.js'

/** Hosts that start from these digests; null: from nothing. */
function planFrom(bases: readonly (string | null)[]): Plan {
  const hosts = bases.map(baseDigest => ({ prepare: [{ kind: 'check' }, { kind: 'push', baseDigest }] }))
  return { hosts } as unknown as Plan
}

function packing(bases: readonly (string | null)[], ms: number) {
  const stopper = createStopper()
  const told: Event[] = []
  const asked: (string | null)[] = []
  const context = { io: { stop: stopper.stop }, emit: (event: Event) => told.push(event) } as unknown as Context
  const payload = async (base: string | null) => {
    asked.push(base)
    await sleep(ms)
    return { data: Buffer.alloc(base === null ? 12_400_000 : 3_000) } as unknown as Payload
  }
  return { stopper, told, asked, ended: packFirst(context, planFrom(bases), payload) }
}

it('packing that is quick is no phase of its own', async () => {
  const { ended, told, asked } = packing(['sha256:1', 'sha256:1', null], 0)
  await ended
  expect(asked).toEqual(['sha256:1', null])
  expect(told).toEqual([])
})

it('packing that takes its time is a phase, which says how much each start needs', async () => {
  const { ended, told } = packing([null, 'sha256:1'], 400)
  await ended
  expect(told).toEqual([
    { type: 'phase.start', phase: 'pack' },
    { type: 'phase.end', phase: 'pack', ok: true, ms: expect.any(Number), note: '12.4 MB and 3 kB' },
  ])
  expect(told[1]).toHaveProperty(
    'ms',
    expect.toSatisfy((ms: number) => ms >= 395),
  )
})

it('a wish to stop does not wait for it', async () => {
  const { ended, told, stopper } = packing([null], 5_000)
  setTimeout(() => stopper.ask('stopped by Ctrl-C'), 350)
  await expect(ended).rejects.toThrow(new Interrupted('stopped by Ctrl-C'))
  expect(told).toEqual([{ type: 'phase.start', phase: 'pack' }])
})
