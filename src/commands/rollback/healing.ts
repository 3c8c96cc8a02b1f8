import { type Contents, contentsOf, packContents } from '../../artifact/cache/contents.js'
import { recall } from '../../artifact/cache/store.js'
import { onEach } from '../../fleet/each.js'
import { fetchContents, readLost } from '../../fleet/read/contents.js'
import { currentRelease } from '../../state/current.js'
import type { Context } from '../context/context.js'
import { type Fleet, orInterrupt } from '../context/survey.js'

/** What hosts lack of a release, as far as it was found. */
export interface Healing {
  /** For each host that can be made whole, what it lacks: a tar.gz of files named by their sha256. */
  readonly contents: ReadonlyMap<string, Uint8Array>
  /** Hosts of which something was found nowhere, or which serve the release. */
  readonly beyond: ReadonlySet<string>
}

export const nothingLost: Healing = { contents: new Map(), beyond: new Set() }

/** Looks for what is lost on the damaged hosts: here, and in all releases of all hosts. Changes nothing on them. */
export async function findHealing(
  context: Context,
  fleet: Fleet,
  release: string,
  damaged: ReadonlySet<string>,
): Promise<Healing> {
  const ill = fleet.filter(({ state }) => damaged.has(state.name))
  const lost = new Map(
    await orInterrupt(
      context,
      onEach(ill, context.concurrency, async one => [one.state.name, await readLost(one, release)] as const),
    ),
  )
  const wanted = new Map([...lost.values()].flatMap(sizes => [...(sizes ?? [])]))
  const found = await orInterrupt(context, find(context, fleet, wanted))
  const contents = new Map<string, Uint8Array>()
  for (const { state } of ill) {
    const own = [...(lost.get(state.name)?.keys() ?? [])]
    const isKnown = lost.get(state.name) != null && own.every(sha256 => found.has(sha256))
    if (!isKnown || currentRelease(state) === release) continue
    contents.set(state.name, await packContents(new Map(own.map(sha256 => [sha256, found.get(sha256) as Uint8Array]))))
  }
  return { contents, beyond: new Set([...damaged].filter(name => !contents.has(name))) }
}

async function find({ cacheDir }: Context, fleet: Fleet, wanted: ReadonlyMap<string, number>): Promise<Contents> {
  const found = new Map<string, Uint8Array>()
  const missing = () => new Map([...wanted].filter(([sha256]) => !found.has(sha256)))
  const digests = new Set(fleet.flatMap(({ state }) => state.releases.flatMap(({ digest }) => digest ?? [])))
  for (const digest of wanted.size === 0 ? [] : digests) {
    const kept = recall(cacheDir, digest)
    if (kept === null) continue
    for (const [sha256, bytes] of contentsOf(kept, new Set(missing().keys()))) found.set(sha256, bytes)
  }
  for (const one of fleet) for (const [sha256, bytes] of await fetchContents(one, missing())) found.set(sha256, bytes)
  return found
}
