import { digestOf, entriesOf, type Manifest, parseManifest } from '../../artifact/manifest/manifest.js'
import { readManifest } from '../../scripts/read/contents.js'
import { type Dates, readDates } from '../../scripts/read/file-times.js'
import type { HostState } from '../../state/host-state.js'
import { currentEntry } from '../../state/releases.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'
import { longestList, unzipped } from './scripts-up-to.js'

/**
 * Manifests of what the hosts serve, by digest: those known here, and for the others read from one host that has it.
 * One that cannot be read, or is not what its digest says, is left out: then everything is sent.
 */
export async function readBases(
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  known: (digest: string) => Manifest | null,
): Promise<ReadonlyMap<string, Manifest>> {
  const bases = new Map<string, Manifest>()
  const wanted = new Map<string, { readonly session: Session; readonly root: string; readonly release: string }>()
  for (const { session, state } of fleet) {
    const entry = currentEntry(state)
    if (!entry?.digest || bases.has(entry.digest)) continue
    const here = known(entry.digest)
    if (here !== null) bases.set(entry.digest, here)
    else wanted.set(entry.digest, { session, root: state.root, release: entry.id })
  }
  await onEach([...wanted], 8, async ([digest, { session, root, release }]) => {
    const result = await session.run(readManifest(root, release), { timeout: 60_000 })
    const manifest = result.code === 0 ? parsed(result.stdout) : null
    if (manifest !== null && digestOf(manifest) === digest) bases.set(digest, manifest)
  })
  return bases
}

function parsed(gzipped: Buffer): Manifest | null {
  const text = unzipped(gzipped, longestList)
  try {
    return text === null ? null : parseManifest(text)
  } catch {
    return null
  }
}

/**
 * The times of the files that a release has in common with another manifest (or of all of its own), read from a host
 * that holds it. Where they cannot be read, nothing is known of any.
 */
export async function datesOn(
  session: Session,
  from: { readonly root: string; readonly release: string; readonly manifest: Manifest },
  common: Manifest = from.manifest,
): Promise<Dates> {
  const result = await session.run(readDates(from.root, from.release), { timeout: 60_000 })
  const times = result.code === 0 ? numbers(result.stdout) : []
  const same = new Set(common.lines)
  const files = from.manifest.lines.filter(line => line.startsWith('f '))
  if (times.length !== files.length || !times.every(isTime)) return new Map()
  const kept = files.flatMap((line, i) => (same.has(line) ? [{ line, time: times[i] as number }] : []))
  const header = from.manifest.lines[0] as string
  const dates = new Map<number, string[]>()
  for (const { line, time } of kept) {
    const names = entriesOf({ lines: [header, line] }).map(({ path }) => path)
    dates.set(time, [...(dates.get(time) ?? []), ...names])
  }
  return dates
}

/** Seconds since 1970 that `touch` can be told, up to the year 9999. */
function isTime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds < 253_402_300_800
}

function numbers(gzipped: Buffer): readonly number[] {
  const lines = unzipped(gzipped, longestList)?.toString('latin1').trim().split('\n') ?? []
  return lines.every(line => /^-?\d{1,12}$/.test(line)) ? lines.map(Number) : []
}
