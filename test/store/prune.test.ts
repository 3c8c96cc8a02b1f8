import { describe, expect, it } from 'vitest'
import { keepFiles, keptStill } from '../../src/fleet/store/announce.js'
import type { RunStore } from '../../src/fleet/store/run-store.js'
import type { Run } from '../../src/fleet/transaction/run.js'
import { allCopies, putCopy, readArtifact, releaseOf } from '../../src/store/artifacts.js'
import { type Generation, generationKey, generationText } from '../../src/store/generation.js'
import { createGeneration } from '../../src/store/generations.js'
import { putParcel, removeParcels } from '../../src/store/parcels.js'
import { pruneStore, storedLeftovers } from '../../src/store/prune.js'
import type { Store } from '../../src/store/store.js'
import { endOf, pendingAfter } from '../../src/store/succession.js'
import { dice } from '../faults/dice.js'
import { tried } from '../support/tier.js'
import { artifact } from './artifact.js'
import { generation, storedRelease } from './generation.js'
import { memoryStore } from './memory.js'

const [one, two, three] = [1, 2, 3].map(storedRelease) as [Named, Named, Named]
type Named = ReturnType<typeof storedRelease>
const keep = () => 1

function storeWith(generations: readonly Generation[], copies: readonly Named[]) {
  const objects = new Map<string, Uint8Array>()
  const store = memoryStore(objects, async () => {})
  for (const one of generations) objects.set(generationKey(one, one.number), Buffer.from(generationText(one)))
  const put = copies.map(release => putCopy(store, 'shop', release, artifact))
  return Promise.all(put).then(() => ({ objects, store }))
}

const confirmed = (release: Named, own: Partial<Generation> = {}) =>
  generation({ state: 'confirmed', target: release, confirmed: release, ...own })
const left = async (store: Store) => (await allCopies(store, 'shop')).map(releaseOf).sort()
const pruned = async (store: Store, keepOf: (stage: string) => number = keep) => {
  const removed: string[] = []
  await pruneStore(store, 'shop', keepOf, copy => removed.push(releaseOf(copy)) > 0)
  return removed
}

describe('a prune of a store', () => {
  it('removes what no generation that is kept names, and tells it', async () => {
    const { store } = await storeWith([confirmed(one), confirmed(two, { number: 2 })], [one, two, three])
    expect((await storedLeftovers(store, 'shop', keep)).map(releaseOf)).toEqual([one.release, three.release])
    expect(await left(store)).toHaveLength(3)
    expect(await pruned(store)).toEqual([one.release, three.release])
    expect(await left(store)).toEqual([two.release])
    expect(await pruned(store)).toEqual([])
  })

  it('goes on to the next only as long as it is told to', async () => {
    const { store } = await storeWith([confirmed(two)], [one, two, three])
    await pruneStore(store, 'shop', keep, () => false)
    expect(await left(store)).toEqual([two.release, three.release])
  })

  it('keeps what any stage of the app names, as many as that keeps', async () => {
    const staging = { stage: 'staging' }
    const { store } = await storeWith(
      [confirmed(three), confirmed(one, staging), confirmed(two, { ...staging, number: 2 })],
      [one, two, three],
    )
    expect(await pruned(store, stage => (stage === 'staging' ? 2 : 1))).toEqual([])
    expect(await pruned(store)).toEqual([one.release])
  })

  it('takes no parcel of a run for a generation, and removes none', async () => {
    const { store } = await storeWith([confirmed(one)], [one])
    const of = { app: 'shop', stage: 'production', tx: '0123' }
    const key = await putParcel(store, of, 0, Buffer.from('tree'))
    expect(await pruned(store)).toEqual([])
    expect(await store.size(key)).toBe(4)
    await removeParcels(store, of)
    expect(await store.size(key)).toBeNull()
    expect(await left(store)).toEqual([one.release])
  })

  it('keeps what a run brings that is at work', async () => {
    const { store } = await storeWith(
      [confirmed(one), generation({ number: 2, target: two, confirmed: one })],
      [one, two],
    )
    expect(await pruned(store)).toEqual([])
  })

  it('removes all copies of what goes, and what a dead run has uploaded half of', async () => {
    const { store, objects } = await storeWith([confirmed(one)], [one, two, two, three])
    for (const key of objects.keys()) if (key.endsWith('3/manifest')) objects.delete(key)
    expect(await pruned(store)).toEqual([two.release, two.release, three.release])
  })

  it('removes nothing where a generation is not to be read: it may name anything', async () => {
    const { store, objects } = await storeWith([confirmed(one)], [one, two])
    objects.set(generationKey({ app: 'shop', stage: 'staging' }, 1), Buffer.from('{}'))
    await expect(pruned(store)).rejects.toMatchObject({ fault: 'damaged' })
    expect(await left(store)).toHaveLength(2)
  })

  it('leaves the generations: the number of one that is gone could be created again', async () => {
    const { store, objects } = await storeWith([confirmed(one), confirmed(two, { number: 2 })], [one, two])
    await pruned(store)
    expect([...objects.keys()].filter(key => key.includes('/generations/'))).toHaveLength(2)
  })

  it('goes on where one was stopped in the middle', async () => {
    const { store } = await storeWith([confirmed(one)], [one, two])
    const dying = { ...store, remove: () => Promise.reject(new Error('died')) }
    await expect(pruned(dying)).rejects.toThrow('died')
    expect(await pruned(store)).toEqual([two.release])
  })
})

const seed = Number(process.env.CLONEDEPLOY_SEED ?? Date.now() % 1_000_000)
const rounds = tried([200, 5_000], n => n === 200).at(-1) ?? 0

/** Lets one of those that wait go on, whoever it is, until all have ended. */
function turnsBy(roll: (sides: number) => number) {
  const waiting: { readonly call: string; readonly go: () => void }[] = []
  const calls: string[] = []
  const turn = (who: string) => (call: string) =>
    new Promise<void>(go => {
      waiting.push({ call: `${who}: ${call}`, go })
    })
  return {
    calls,
    storeOf: (who: string, objects: Map<string, Uint8Array>) => memoryStore(objects, turn(who)),
    async run(...all: readonly Promise<unknown>[]) {
      let open = all.length
      for (const one of all) one.finally(() => open--).catch(() => {})
      while (open > 0) {
        await new Promise(setImmediate)
        const [next] = waiting.splice(roll(waiting.length) - 1, 1)
        if (next !== undefined) calls.push(next.call)
        next?.go()
      }
      await Promise.all(all)
    },
  }
}

/** A run as it tells a store of itself: `confirmed` at once, as a repair does, or when it has begun. */
async function runOn(store: Store, release: Named, kind: 'begins' | 'forwards'): Promise<void> {
  const run = { warnings: [] } as unknown as Run
  const told = { store, artifact: async () => artifact } as unknown as RunStore
  const said = generation({ number: 2, tx: 'mine', target: release, confirmed: one })
  const files = await keepFiles(run, told, said)
  const pending = pendingAfter(confirmed(one), said)
  const end = endOf({ ...pending, number: 1 }, { state: 'confirmed' }, said)
  await createGeneration(store, kind === 'begins' ? pending : end)
  await keptStill(run, told, said, files)
}

describe('a prune beside a run', () => {
  it.each([
    ['that uploads its files', 'begins', []],
    ['whose files are there, and no generation names them', 'begins', [two]],
    ['that tells at once what is served', 'forwards', [two]],
  ] as const)(
    `%s loses none of them, whoever sleeps when (${rounds} times, CLONEDEPLOY_SEED=${seed})`,
    { timeout: 20_000 + rounds * 100 },
    async (_, kind, there) => {
      const { roll } = dice(seed)
      let seen = 0
      for (let round = 1; round <= rounds; round++) {
        const { objects, store } = await storeWith([confirmed(one)], [one, three, ...there])
        const { calls, storeOf, run } = turnsBy(roll)
        await run(
          runOn(storeOf('run', objects), two, kind),
          pruned(storeOf('prune', objects)),
          pruned(storeOf('other prune', objects)),
        )
        const held = await readArtifact(store, 'shop', two.digest, 100).catch(() => null)
        expect(held, calls.join('\n')).not.toBeNull()
        const before = await readArtifact(store, 'shop', one.digest, 100)
        if (kind === 'begins') expect(before, calls.join('\n')).not.toBeNull()
        if (calls.filter(call => call.startsWith('run: put')).length > 3 - 3 * there.length) seen++
      }
      // Otherwise the interleavings would not have met the case.
      expect(seen).toBeGreaterThan(rounds / 100)
    },
  )
})
