import { writableExpression } from '../release/shared.js'
import type { Audited, AuditFile } from '../scripts/read/audit.js'
import { escapeLine } from '../text/escape.js'
import { counted } from '../text/phrases.js'
import type { LoginReport } from './answers/known-user.js'
import type { Difference } from './answers/same-answers.js'

/** What an audit knows of a host: what it said, or why it said nothing. */
export interface AuditedHost {
  readonly name: string
  readonly audited: Audited | null
  readonly error: string | null
}

type DataKind = 'session' | 'database' | 'upload' | 'configuration' | 'log' | 'cache' | 'file'

/** What there is advice for: data of a kind, or hosts that answer differently. */
export type AdviceKind = DataKind | 'answer'

/** A path that makes hosts differ, or that one keeps for itself. Texts are fit to be shown. */
export interface FoundData {
  readonly path: string
  readonly kind: DataKind
  /** How it shows. */
  readonly evidence: readonly AuditFile['evidence'][]
  readonly why: string
  readonly hosts: readonly FoundOn[]
}

interface FoundOn {
  readonly name: string
  readonly size: number
  /** ISO 8601. */
  readonly modified: string
  readonly owner: string
  readonly process: string | null
}

export interface AuditReport {
  readonly app: string
  readonly stage: string
  readonly result: 'clean' | 'found' | 'incomplete'
  readonly hosts: readonly { readonly name: string; readonly reachable: boolean; readonly error: string | null }[]
  readonly found: readonly FoundData[]
  /** Where hosts answer differently; empty where they were not asked, too. */
  readonly answers: readonly Difference[]
  /** Who knew a user that logged in on one host; null: nobody logged in. */
  readonly login: LoginReport | null
  /** By the kinds that were found. */
  readonly advice: Readonly<Partial<Record<AdviceKind, string>>>
  /** What was not looked at. */
  readonly notes: readonly string[]
}

/** What hosts keep for themselves, from what each of them listed. `files`: those of shared/ that the configuration names. */
export function auditFleet(
  { app, stage }: { readonly app: string; readonly stage: string },
  hosts: readonly AuditedHost[],
  { ignore, files }: { readonly ignore: readonly string[]; readonly files: readonly string[] },
): AuditReport {
  const read = hosts.flatMap(({ name, audited }) => (audited === null ? [] : [{ name, audited }]))
  const found = groups(read, ignore).flatMap(group => {
    const why = whyOf(group, read)
    return why === null ? [] : [foundOf(group, why, files)]
  })
  const gaps = read.flatMap(gapsOf)
  const isWhole = read.length === hosts.length && gaps.every(({ missed }) => !missed)
  return {
    ...{ app, stage, found, answers: [], login: null },
    result: found.length > 0 ? 'found' : isWhole ? 'clean' : 'incomplete',
    hosts: hosts.map(({ name, audited, error }) => ({
      name,
      reachable: audited !== null,
      error: audited === null ? escapeLine(error ?? 'no answer') : null,
    })),
    advice: Object.fromEntries([...new Set(found.map(({ kind }) => kind))].map(kind => [kind, advice[kind]])),
    notes: [
      ...gaps.map(({ text }) => text),
      ...(read.length === 1 ? ['shared/ was compared with no other host: one host was read'] : []),
    ],
  }
}

type Read = readonly { readonly name: string; readonly audited: Audited }[]
type Group = readonly { readonly name: string; readonly file: AuditFile }[]

/** What all hosts say of one path: in the order of the paths. */
function groups(read: Read, ignore: readonly string[]): readonly Group[] {
  const relative = writableExpression(ignore)
  const ignored = relative === null ? null : new RegExp(`^${relative}$`)
  const byPath = new Map<string, { name: string; file: AuditFile }[]>()
  for (const { name, audited } of read)
    for (const file of audited.files) {
      if (ignored?.test(asInRelease(file.path)) || ignored?.test(file.path)) continue
      const known = byPath.get(file.path)
      if (known === undefined) byPath.set(file.path, [{ name, file }])
      else known.push({ name, file })
    }
  return [...byPath].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

function asInRelease(path: string): string {
  return path.replace(/^(shared|current|releases\/[^/]+)\//, '')
}

function evidenceOf(group: Group): readonly AuditFile['evidence'][] {
  return [...new Set(group.map(({ file }) => file.evidence))]
}

/** Null: all hosts have the same, and nothing else speaks against it. */
function whyOf(group: Group, read: Read): string | null {
  const writer = group.find(({ file }) => file.evidence === 'open')
  const words = [
    ...(group.some(({ file }) => file.evidence === 'release') ? ['it came into the release after its seal'] : []),
    ...sharedWords(group, read),
    ...(group.some(({ file }) => file.evidence === 'session') ? ['it lies where sessions are kept'] : []),
    ...(writer === undefined ? [] : [`${writer.file.process} has it open for writing`]),
  ]
  return words.length === 0 ? null : escapeLine(words.join('; '))
}

/** A host whose list was too long says nothing of what lies behind its end. */
function sharedWords(group: Group, read: Read): readonly string[] {
  const shared = group.filter(({ file }) => file.evidence === 'shared')
  const [first] = shared
  if (first === undefined || read.length < 2) return []
  const listing = read.filter(({ audited }) => listsTo(audited, first.file.path))
  const missing = listing.filter(({ name }) => shared.every(one => one.name !== name))
  if (missing.length > 0) return [`it is on ${shared.length} of ${counted(read.length, 'host')}`]
  const isSame = ({ file }: Group[number]) => file.size === first.file.size && sameSum(file.sum, first.file.sum)
  return shared.every(isSame) ? [] : ['it differs between hosts']
}

function sameSum(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b
}

function listsTo({ cut, files }: Audited, path: string): boolean {
  if (!cut.includes('shared')) return true
  return files.some(one => one.evidence === 'shared' && one.path >= path)
}

function foundOf(group: Group, why: string, files: readonly string[]): FoundData {
  const path = group[0]?.file.path ?? ''
  const evidence = evidenceOf(group)
  const byHost = new Map<string, FoundOn>()
  for (const { name, file } of group) byHost.set(name, onHost(name, file, byHost.get(name)))
  return {
    path: escapeLine(path, 1000),
    kind: kindOf(path, evidence, files),
    evidence,
    why,
    hosts: [...byHost.values()],
  }
}

function onHost(name: string, { size, modified, owner, process }: AuditFile, before?: FoundOn): FoundOn {
  const at = new Date(modified * 1000).toISOString()
  const by = process === null ? null : escapeLine(process, 100)
  return { name, size, modified: at, owner: escapeLine(owner), process: before?.process ?? by }
}

function kindOf(path: string, evidence: FoundData['evidence'], files: readonly string[]): DataKind {
  if (path.startsWith('shared/') && files.includes(path.slice(7))) return 'configuration'
  if (evidence.includes('session')) return 'session'
  return kinds.find(([, form]) => form.test(path))?.[0] ?? (evidence.includes('shared') ? 'upload' : 'file')
}

/** By its name, in this order. */
const kinds: readonly (readonly [DataKind, RegExp])[] = [
  ['session', /(^|\/)sess(_|ions?\/|ionid)/i],
  ['database', /\.(sqlite3?|db3?|mdb|rdb|aof)(-(wal|shm|journal))?$/i],
  ['file', /(^|[/.])pid$/i],
  ['log', /\.log(\.\d+)?(\.gz)?$|(^|\/)logs?\//i],
  ['cache', /(^|\/)(__pycache__|\.?cache)\/|\.pyc$/i],
  ['upload', /(^|\/)uploads?\/|\.(jpe?g|png|gif|webp|avif|heic|pdf|mp[34]|mov)$/i],
]

export const advice: Readonly<Record<AdviceKind, string>> = {
  session: 'Keep sessions in Redis, or in a database that all hosts ask: then a user is known on each of them.',
  database: 'Move it to a database server that all hosts ask.',
  upload: 'Put what users upload into an object store (S3), or onto a file system that all hosts mount.',
  configuration: 'Make it the same on all hosts.',
  answer:
    'A user may meet any host: look on those hosts for what differs, such as a setting, the time zone or locale, the time, or a cache of their own.',
  log: 'Send logs to the journal or to syslog. Where they may stay: audit: { ignore: [PATTERN] }.',
  cache: 'Where it holds nothing of a user: name it in writable, or in audit: { ignore: [PATTERN] }.',
  file: 'Put data of users into an object store or a database. What holds none: audit: { ignore: [PATTERN] }.',
}

/** What was not looked at. `missed`: nobody may call the fleet clean. */
interface Gap {
  readonly text: string
  readonly missed: boolean
}

function gapsOf({ name, audited }: Read[number]): readonly Gap[] {
  return [
    ...audited.unread.map(path => ({ text: `${name}: the login may not read ${escapeLine(path, 200)}`, missed: true })),
    ...unreadFiles(name, audited.files),
    ...audited.private.map(path => ({
      text: `${name}: whether sessions lie in ${escapeLine(path, 200)} is not known: the login may not read it`,
      missed: false,
    })),
    ...audited.cut.map(what => ({
      text: `${name}: ${what}: too many files, the first ones were listed`,
      missed: true,
    })),
    ...audited.unsealed.map(id => ({
      text: `${name}: what was sealed of ${escapeLine(id, 100)} is not known`,
      missed: true,
    })),
  ]
}

/** Whether they differ between hosts, nobody knows. */
function unreadFiles(name: string, files: readonly AuditFile[]): readonly Gap[] {
  const unread = files.filter(({ evidence, sum }) => evidence === 'shared' && sum === null)
  const [first] = unread
  if (first === undefined) return []
  const more = unread.length === 1 ? '' : ` and ${counted(unread.length - 1, 'more file')}`
  return [{ text: `${name}: could not read ${escapeLine(first.path, 200)}${more}`, missed: true }]
}
