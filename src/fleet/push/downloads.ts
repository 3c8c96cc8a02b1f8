import { createHash } from 'node:crypto'
import type { Payload } from '../../artifact/artifact.js'
import { redactor, Secret } from '../../config/secrets/redact.js'
import { once } from '../../once.js'
import { type Lacking, lackingOf } from '../../plan/fetchers.js'
import { pushOf } from '../../plan/relay.js'
import { payloadKey, type StoredArtifact } from '../../store/artifacts.js'
import { putParcel, removeParcels } from '../../store/parcels.js'
import { StoreError } from '../../store/store.js'
import { within } from '../../time-limit.js'
import { unlessStopped } from '../stop.js'
import type { RunStore } from '../store/run-store.js'
import type { HostRun, Run } from '../transaction/run.js'
import { remarks, type Source } from './detour.js'

/** Hosts that fetch their files from the store, by addresses that are signed for them. */
export interface Downloads extends Source {
  /** Whether a host is one of them, whatever comes of it. */
  readonly isFor: (host: HostRun) => boolean
  /** Nobody fetches any more. */
  readonly end: () => Promise<void>
}

/** Milliseconds that the fleet waits, locked, for its parcels to be removed. */
const tidying = 10_000

/** What lies in the store for hosts that lack the same. */
interface Kept {
  readonly key: string
  readonly payload: Payload
  readonly sum: string
}

const none: Downloads = { isFor: () => false, detour: async () => null, missed() {}, end: async () => {} }

/** Decides which of these hosts fetch, and has what they lack in the store: it holds the files of the release already. */
export async function startDownloads(run: Run, hosts: readonly HostRun[]): Promise<Downloads> {
  const { store } = run
  if (store?.pending?.kept !== true || store.store.address === null) return none
  const whole = once(store.artifact)
  const lacking = await lackingOf(
    hosts.map(({ plan }) => plan),
    async base => ((base === null ? await whole() : null)?.payload ?? (await run.payload(base))).data.length,
  )
  if (lacking.length === 0) return none
  const { name } = store.store
  const { add, tell } = remarks(run)
  const addressOf = signer(store)
  const missed = (host: string, why: string) => add(host, `sent from here, not fetched from ${name}: ${why}`)
  const kept = new Map<string, Promise<Kept | null>>()
  for (const [number, one] of lacking.entries()) {
    const keeping = keep(run, store, one, whole, number).catch(error => {
      for (const host of one.fetching) missed(host, storeReason(error))
      return null
    })
    // Whoever waits for it hears of it; a run that has stopped by then has nobody who does.
    keeping.catch(() => {})
    for (const host of one.fetching) kept.set(host, keeping)
    for (const host of one.unable) add(host, `could not fetch from ${name}: no curl there, and no wget that would do`)
  }
  return {
    isFor: host => kept.has(host.name),
    async detour(host) {
      const found = await unlessStopped(run.stop, kept.get(host.name) ?? Promise.resolve(null))
      const by = pushOf(host.plan)?.fetcher ?? null
      if (found === null || 'stopped' in found || by === null) return null
      const { payload, sum, key } = found
      try {
        const address = await addressOf(key)
        return { from: name, payload, delivery: { by, address, sum, size: payload.data.length } }
      } catch (error) {
        missed(host.name, storeReason(error))
        return null
      }
    },
    missed: (host, why) => missed(host.name, why),
    async end() {
      tell()
      if (lacking.every(({ fetching }) => fetching.length < 2)) return
      await within(tidying, removeParcels(store.store, run.plan)).catch(() => {
        run.warnings.push(`${name} may still hold what this run kept there for its hosts; the next such run removes it`)
      })
    },
  }
}

/** Where what some hosts lack lies in the store: among the files of the release, or in a parcel of this run; null: nowhere. */
async function keep(
  run: Run,
  { store, copy }: RunStore,
  { base, fetching }: Lacking,
  whole: () => Promise<StoredArtifact | null>,
  number: number,
): Promise<Kept | null> {
  const { app, stage, tx } = run.plan
  const stored = base === null ? await whole() : null
  const there = stored && copy && (await payloadKey(store, app, copy, stored.payload.data))
  if (stored && there) return keptAs(there, stored.payload)
  if (fetching.length < 2) return null
  const payload = await run.payload(base)
  return keptAs(await putParcel(store, { app, stage, tx }, number, payload.data), payload)
}

function keptAs(key: string, payload: Payload): Kept {
  return { key, payload, sum: createHash('sha256').update(payload.data).digest('hex') }
}

/** Seconds that an address can be used, and after which another one is signed for whoever comes then. */
const [valid, fresh] = [900, 300]

/** Signs addresses, each for all who come within a while. Whatever is told from then on hides them. */
function signer({ store, hide }: RunStore): (key: string) => Promise<string> {
  const signed = new Map<string, { readonly at: number; readonly address: Promise<string> }>()
  return async key => {
    const last = signed.get(key)
    if (last !== undefined && performance.now() < last.at + fresh * 1000) return last.address
    const address = sign(key)
    signed.set(key, { at: performance.now(), address })
    return address
  }

  async function sign(key: string): Promise<string> {
    if (store.address === null) throw new StoreError(store.name, 'unfit', 'has no addresses for hosts.')
    const address = await store.address(key, valid)
    hide(redactor(secretsIn(address)))
    return address
  }
}

/** The address, and what in it lets whoever has it in. */
function secretsIn(address: string): ReadonlyMap<string, Secret> {
  const { searchParams } = new URL(address)
  const values = ['X-Amz-Signature', 'X-Amz-Security-Token', 'X-Amz-Credential'].flatMap(
    name => searchParams.get(name) ?? [],
  )
  return new Map([address, ...values].map(value => [value, new Secret(value)]))
}

/** Only the store's word is a reason to do without it. */
function storeReason(error: unknown): string {
  if (!(error instanceof StoreError)) throw error
  return [error.message, ...error.details].join(' ')
}
