import { type Contents, contentsOf, packContents } from '../../artifact/cache/contents.js'
import { recall } from '../../artifact/cache/store.js'
import { PreflightError, type Refusal } from '../../errors.js'
import { onEach } from '../../fleet/each-host.js'
import { fetchContents, readLost } from '../../fleet/read/contents.js'
import { type HeldBy, readOnAll } from '../../fleet/read/verify-held-release.js'
import { chooseRollback } from '../../plan/rollback.js'
import { driftText } from '../../render/reports/drift.js'
import { currentRelease } from '../../state/releases.js'
import type { Context } from '../context/context.js'
import type { RollbackFlags } from '../context/flags.js'
import { type Fleet, orInterrupt } from '../context/read-fleet.js'

/** What the hosts hold of a release, as the run itself will look at it, and what makes it whole where it is not. */
export interface Found extends HeldBy {
  readonly healing: Healing
}

/** Changes nothing. */
export async function readRelease(context: Context, fleet: Fleet, release: string): Promise<Found> {
  const { config, concurrency } = context
  const held = await orInterrupt(context, readOnAll(config, fleet, release, { concurrency, read: 'written' }))
  const healing = held.damaged.size === 0 ? nothingLost : await findHealing(context, fleet, release, held.damaged)
  return { ...held, healing }
}

/** Throws a PreflightError where the release cannot be made whole on all hosts, unless it is to be taken as it is. */
export async function demandHeld(
  context: Context,
  flags: Pick<RollbackFlags, 'acceptDrift' | 'yes'>,
  fleet: Fleet,
  release: string,
  { held, lost, healing: { beyond } }: Found,
): Promise<void> {
  if (lost.size > 0) throw refusal(`${[...lost].join(', ')} could not be read.`, { next: ['look: clonedeploy check'] })
  if (flags.acceptDrift) return
  const asItIs = `take it as it is: clonedeploy rollback --to ${release} --accept-drift${yes(flags)}`
  if (beyond.size > 0)
    throw refusal(
      `${[...beyond].join(', ')} ${beyond.size === 1 ? 'does' : 'do'} not hold ${release} as it was sealed, and it cannot be made whole: what is lost was found nowhere.`,
      {
        details: [...beyond].map(name => `${name}  ${driftOf(held, name)}`),
        next: [...(await older(context, flags, fleet, release)), asItIs],
      },
    )
  const trees = new Set([...held.values()].flatMap(({ tree }) => tree ?? []))
  if (trees.size > 1 && context.config.identical === 'strict')
    throw refusal(`The files of ${release} differ between hosts.`, {
      next: [...(await older(context, flags, fleet, release)), asItIs],
    })
}

export function driftOf(held: HeldBy['held'], name: string): string {
  const one = held.get(name)
  return one === undefined ? '' : driftText(one.drift)
}

/** The newest release before this one that could be gone back to. */
async function older(
  context: Context,
  flags: Pick<RollbackFlags, 'yes'>,
  fleet: Fleet,
  release: string,
): Promise<readonly string[]> {
  const states = fleet.map(({ state }) => state)
  try {
    const { release: before } = chooseRollback(states, release, null, context.config.identical)
    await demandHeld(context, { yes: flags.yes ?? false }, fleet, before, await readRelease(context, fleet, before))
    return [`go further back: clonedeploy rollback --to ${before}${yes(flags)}`]
  } catch (error) {
    if (!(error instanceof PreflightError)) throw error
    return error.next.filter(text => text.startsWith('go further back'))
  }
}

/** Who said yes is not asked by the next command either. */
function yes(flags: Pick<RollbackFlags, 'yes'>): string {
  return flags.yes ? ' --yes' : ''
}

function refusal(message: string, more: Partial<Pick<Refusal, 'details' | 'next'>>): PreflightError {
  return new PreflightError(message, { changed: 'nothing', ...more })
}

/** What hosts lack of a release, as far as it was found. */
interface Healing {
  /** For each host that can be made whole, what it lacks: a tar.gz of files named by their sha256. */
  readonly contents: ReadonlyMap<string, Uint8Array>
  /** Hosts of which something was found nowhere, or which serve the release. */
  readonly beyond: ReadonlySet<string>
}

const nothingLost: Healing = { contents: new Map(), beyond: new Set() }

/** Looks for what is lost on the damaged hosts: here, and in all releases of all hosts. Changes nothing on them. */
async function findHealing(
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
