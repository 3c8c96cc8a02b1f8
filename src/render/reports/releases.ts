import { type Origin, originText } from '../../release/origin.js'
import { agoText } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { counted } from '../../text/phrases.js'
import type { Paint } from '../paint.js'
import { tableLines } from '../table.js'

/** The releases on a fleet, newest first, and where each of them is. */
export interface ReleasesReport {
  readonly app: string
  readonly stage: string
  /** Hosts that were read. */
  readonly hosts: readonly string[]
  readonly releases: readonly ReleaseRow[]
}

interface ReleaseRow {
  readonly id: string
  /** ISO 8601; null when nothing tells. */
  readonly when: string | null
  readonly who: string | null
  readonly revision: string | null
  /** Null: it was built for the stage. */
  readonly origin: Origin | null
  /** Why it is marked bad; null when it is good. */
  readonly bad: string | null
  /** Whether the fleet once confirmed it: only then it can be rolled back to. */
  readonly confirmed: boolean
  readonly hosts: readonly { readonly name: string; readonly state: ReleasePresence }[]
}

/** `current`: served now; `foreign`: there, but not made by clonedeploy, so nobody can tell whether it is whole. */
export type ReleasePresence = 'current' | 'intact' | 'missing' | 'bad' | 'foreign'

/** A table of releases. Ends with a newline. */
export function releasesText(report: ReleasesReport, paint: Paint, now: Date): string {
  const rows = report.releases.map(release => releaseRow(release, paint, now))
  return `${[
    `${paint.strong(`${report.app} → ${report.stage}`)}   ${counted(report.hosts.length, 'host')}   ${counted(rows.length, 'release')}`,
    ...(rows.length === 0 ? [] : ['', ...tableLines([['RELEASE', 'AGE', 'BY', 'REVISION', 'WHERE'], ...rows])]),
  ].join('\n')}\n`
}

/** The same as `--json` prints it. */
export function releasesJson(report: ReleasesReport) {
  return { v: 1, command: 'releases', ...report } as const
}

function releaseRow(release: ReleaseRow, paint: Paint, now: Date): string[] {
  return [
    release.id,
    release.when === null ? '-' : agoText(release.when, now),
    release.who === null ? '-' : escapeLine(release.who),
    release.revision === null ? '-' : escapeLine(release.revision.replace(/^sha256:/, '')).slice(0, 7),
    [whereText(release, paint), ...judgement(release, paint), ...originOf(release)].join('   '),
  ]
}

function originOf({ origin }: ReleaseRow): string[] {
  return origin === null ? [] : [escapeLine(originText(origin))]
}

function judgement({ bad, confirmed }: ReleaseRow, paint: Paint): string[] {
  if (bad !== null) return [paint.bad(`bad: ${escapeLine(bad)}`)]
  return confirmed ? [] : ['never confirmed']
}

/** `current on all 3 hosts`, `on 38/40 hosts, missing on web-3 web-9`. */
function whereText(release: ReleaseRow, paint: Paint): string {
  const total = release.hosts.length
  const on = (...states: readonly ReleasePresence[]) =>
    release.hosts.filter(host => states.includes(host.state)).map(host => host.name)
  const current = on('current')
  const there = total - on('missing').length
  const parts = [
    ...(current.length === total ? [] : [there === total ? `on all ${total} hosts` : `on ${there}/${total} hosts`]),
    ...whereOf('current on', current, total).map(text => paint.good(text)),
    ...(there === 0 ? [] : whereOf('missing on', on('missing'), total)),
    ...(on('bad').length === total && release.bad !== null ? [] : whereOf('bad on', on('bad'), total)),
    ...whereOf('not made by clonedeploy on', on('foreign'), total),
  ]
  return parts.join(', ')
}

function whereOf(words: string, names: readonly string[], total: number): string[] {
  if (names.length === 0) return []
  if (names.length === total) return [`${words} all ${total} hosts`]
  if (names.length > 5) return [`${words} ${names.length}/${total} hosts`]
  return [`${words} ${names.join(' ')}`]
}
