import { entriesOf, type Manifest } from '../../artifact/manifest/manifest.js'
import { type Dates, readDates } from '../../scripts/read/dates.js'
import type { Session } from '../session.js'
import { longestList, unzipped } from './unzipped.js'

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
