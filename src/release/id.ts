const pattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/

/** Release id `YYYYMMDD-HHMMSS-<first 7 of revision or digest>`, UTC, equal on every host. */
export function releaseId(now: Date, revision: string | null, digest: string): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${(revision ?? digest.replace('sha256:', '')).slice(0, 7)}`
}

/** Whether a name may be used as a release id: letters, digits, `.`, `_`, `-`; at most 64; not a dotfile or option. */
export function isReleaseId(name: string): boolean {
  return pattern.test(name)
}

/** Whether a release is named as ours are; Capistrano's have no dash. */
export function isOurs(id: string): boolean {
  return /^\d{8}-\d{6}-/.test(id)
}

/** Whether a name may be used as the id of a transaction: ours are 44 hexadecimal digits. */
export function isTransactionId(name: string): boolean {
  return /^[A-Za-z0-9]{1,64}$/.test(name)
}

/** The time (seconds, UTC) that every file of a release gets: equal on all hosts, new with every release, so caches are right. */
export function fileTime(id: string): number {
  const time = timeOf(id)
  return (time > 0 ? time : Date.UTC(2000)) / 1000
}

/** A time (seconds) as `touch -t` takes it, in UTC. */
export function touchStamp(time: number): string {
  const digits = new Date(time * 1000).toISOString().replace(/\D/g, '')
  return `${digits.slice(0, 12)}.${digits.slice(12, 14)}`
}

/** Newest first, by the time that an id tells: ours have a dash in it, Capistrano's have none. */
export function newestFirst(ids: Iterable<string>): string[] {
  return [...ids].sort((a, b) => (isOlder(a, b) ? 1 : -1))
}

export function isOlder(id: string, than: string): boolean {
  return ageKey(id) < ageKey(than)
}

/**
 * The time to name a release by: now, or a second after the newest that any of these hosts holds, so that ids always sort
 * as they were made. What one of several hosts alone holds from days to come is not believed: it would be the end of time.
 */
export function timeAfter(held: readonly (readonly string[])[], now: Date): Date {
  const isShared = (id: string) => held.length === 1 || held.filter(ids => ids.includes(id)).length > 1
  const times = held
    .flat()
    .filter(id => timeOf(id) < now.getTime() + day || isShared(id))
    .map(timeOf)
  const newest = Math.max(0, ...times.filter(time => time < Date.UTC(9999)))
  return new Date(Math.max(now.getTime(), newest + 1000))
}

const day = 86_400_000

function timeOf(id: string): number {
  const found = /^(\d{4})(\d\d)(\d\d)-?(\d\d)(\d\d)(\d\d)/.exec(id)
  if (found === null) return 0
  const [, year, month, day, hour, minute, second] = found.map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
}

function ageKey(id: string): string {
  return id.replace(/^(\d{8})-?(\d{6})/, '$1$2')
}

/** Higher numbers of records are not believed: at one deploy a second they would take 30,000 years. */
export const mostSeq = 1e12

/** The number of a record that goes before all with this number; the highest has nothing above it. */
export function seqAfter(seq: number, steps = 1): number {
  return Math.min(seq + steps, mostSeq)
}

/** How far one host may be ahead of all others: by as many runs as leave them out. */
const mostAhead = 1000

/** The same after those of several hosts. A number far beyond all others is not believed: after it there would be no more. */
export function seqAfterAll(seqs: readonly number[], steps = 1): number {
  const [first = 0, second = first] = [...seqs].sort((a, b) => b - a)
  return seqAfter(first - second > mostAhead ? second : first, steps)
}
