import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Event } from '../../src/fleet/events.js'
import { concludeAll } from '../../src/fleet/store/conclude.js'
import { forwardAll } from '../../src/fleet/store/forward.js'
import type { RunStore } from '../../src/fleet/store/run-store.js'
import type { Run } from '../../src/fleet/transaction/run.js'
import { folderStore } from '../../src/store/folder.js'
import type { Generation } from '../../src/store/generation.js'
import { createGeneration, readGeneration } from '../../src/store/generations.js'
import type { Store } from '../../src/store/store.js'
import { type Announcement, endOf, pendingAfter } from '../../src/store/succession.js'

const of = { app: 'shop', stage: 'production' }
const release = '20260102-030405-aaaaaaa'
const said = (tx: string, hosts: readonly string[]): Announcement => ({
  ...{ ...of, tx, hosts, command: 'deploy', by: `${tx}@laptop`, at: '2026-01-02T03:04:05.000Z', process: null },
  target: { release, digest: null, revision: null, clone: {} },
})

describe('a number of a store that another run took meanwhile', () => {
  let store: Store
  let events: Event[]
  beforeEach(() => {
    store = folderStore(mkdtempSync(join(tmpdir(), 'clonedeploy-store-')))
    events = []
  })
  afterEach(() => rmSync(store.name, { recursive: true }))

  /** What others create just before we do. */
  const racing = (other: Generation): Store => ({
    ...store,
    create: async (key, bytes) => {
      await createGeneration(store, other)
      return store.create(key, bytes)
    },
  })
  const runOf = (with_: Store, pending: RunStore['pending']): Run => {
    const { target, by, at, ...plan } = said('t1', ['h1'])
    const told = { store: with_, now: () => new Date(at), fenced: [], instead: [], artifact: async () => null, pending }
    const hosts = plan.hosts.map(name => ({ host: { name } }))
    const stored = { store: with_.name, by, at, target }
    return {
      plan: { ...plan, hosts, stored, target: release },
      hosts: [],
      store: told,
      warnings: [],
      emit: (event: Event) => events.push(event),
    } as unknown as Run
  }
  const ends = () => events.flatMap(event => (event.type === 'phase.end' ? [[event.phase, event.ok]] : []))

  it('is no confirmation of ours', async () => {
    const pending = pendingAfter(null, said('t1', ['h1']))
    await createGeneration(store, pending)
    const other = endOf(pending, { state: 'withdrawn', reason: 'it died', bad: false }, said('t2', ['h1']))
    const run = runOf(racing(other), { generation: pending, kept: true })
    expect(await concludeAll(run)).toBeNull()
    expect(ends()).toEqual([['conclude', false]])
    expect(run.warnings).toEqual([expect.stringContaining('generation 2 is withdrawn')])
  })

  it('is not what a repair tells it', async () => {
    const other = pendingAfter(null, said('t2', ['h9']))
    const halt = await forwardAll(runOf(racing(other), null))
    expect(halt?.reason).toContain('The store says that t2@laptop changes production')
    expect(ends()).toEqual([['conclude', false]])
  })

  it('is ours where nobody did', async () => {
    const pending = pendingAfter(null, said('t1', ['h1']))
    await createGeneration(store, pending)
    expect(await concludeAll(runOf(store, { generation: pending, kept: true }))).toBeNull()
    expect(ends()).toEqual([['conclude', true]])
    expect((await readGeneration(store, of, 2))?.state).toBe('confirmed')
  })
})
