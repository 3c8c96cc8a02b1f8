import { isReleaseId, isTransactionId, newestFirst } from '../../release/id.js'
import { paths } from '../../release/paths.js'
import { knownTools } from '../../scripts/read/inspect.js'
import { parseMemory } from '../../scripts/read/memory.js'
import { parsePlatform } from '../../scripts/read/platform.js'
import type { Current, Damage, HostState, ReleaseState, SharedLink, TransactionState } from '../../state/host-state.js'
import { escapeLine } from '../../text/escape.js'
import {
  drainRecord,
  fitting,
  fleetRecord,
  historyRecord,
  holderRecord,
  intact,
  maintenanceRecord,
  sealRecord,
} from './records.js'
import { readRun } from './run-record.js'

/**
 * Reads what the inspect script printed; null where that is not the answer of an inspect script. Lines that it does not
 * know are passed over (a host may be chatty). What leaves here is of the form that the rest relies on, whatever the host
 * says: ids are names, texts can be shown. Verbatim are paths alone (`root`, `home`, and what `current` is or was).
 */
export function parseInspect(name: string, stdout: Buffer): HostState | null {
  // No shell prints it, and no path has it.
  if (stdout.includes(0)) return null
  const told = byFirstWord(stdout.toString('latin1').split('\n'), keys)
  const damaged: Damage[] = []
  const lines = distrusted(told.get('journal')?.[0], damaged) ? withoutRecords(told) : told
  const all = (key: string) => lines.get(key) ?? []
  const one = (key: string) => all(key)[0] ?? ''
  const root = newlines(one('root'))
  if (!root.startsWith('/') || all('clock').length === 0 || all('kind').length === 0) return null
  const disk = fields(one('disk'))
  const inodes = fields(one('inodes'))
  const found = {
    releases: releasesOf(all, damaged),
    transactions: transactionsOf(all, damaged),
    fleet: intact(fleetRecord, utf8(one('fleet')), paths.fleet, damaged),
    drained: intact(drainRecord, utf8(one('drained')), paths.drained, damaged),
    warm: warmOf(all('warm'), damaged),
  }
  return {
    name,
    user: /^[\w.@+-]{1,64}\$?$/.test(one('user')) ? one('user') : '?',
    home: utf8(one('home')),
    shell: shown(one('shell')),
    root,
    rootKind: kindOf(one('kind')),
    folder: shown(one('folder')) || null,
    writable: all('writable').length > 0 && all('writable').every(word => word === 'yes'),
    open: openOf(kindOf(one('kind')), one('mode'), one('above')),
    readOnly: one('readonly') === 'yes',
    clock: whole(one('clock')) ?? 0,
    tools: knownTools.filter(tool => all('tool').includes(tool)),
    disk: {
      freeKb: whole(disk[3]) ?? 0,
      freeInodes: (whole(inodes[1]) ?? 0) > 0 ? whole(inodes[3]) : null,
      mount: shown(disk.slice(5).join(' ')),
    },
    current: currentOf(one('current')),
    sharedLinks: sharedLinksOf(all('shared')),
    mounted: one('mounted') === 'yes',
    ...found,
    lock: {
      epoch: whole(one('epoch')) ?? 0,
      held: one('held') !== '',
      holder: fitting(holderRecord, utf8(one('holder'))),
      age: whole(one('held')),
      over: lines.has('ended') ? { kind: 'ended', why: shown(one('ended')) } : null,
    },
    last: fitting(historyRecord, utf8(one('history'))),
    platform: parsePlatform(one('platform'), all('loader')),
    memory: lines.has('memory') ? parseMemory(all('memory')) : null,
    missing: all('missing').slice(0, most).map(shown),
    ports: portsOf(all('port')),
    maintenance: lines.has('maintenance')
      ? (fitting(maintenanceRecord, utf8(one('maintenance'))) ?? { out: [] })
      : null,
    damaged: damaged.slice(0, mostDamaged),
  }
}

type All = (key: string) => readonly string[]
type Lines = ReadonlyMap<string, readonly string[]>

/** Releases and transactions of a host that are looked at: it must not keep us from the others. */
const most = 1000
/** Links into shared/ that are looked at. */
const mostLinks = 50
/** Damaged records that are told at a time. */
const mostDamaged = 20

/** What records say: nothing of it is known where somebody else may have written them. */
const recordKeys = [
  ...['seal', 'run', 'confirmed', 'bad', 'epoch', 'held', 'ended', 'holder', 'tx', 'lease'],
  ...['fleet', 'drained', 'warm', 'history'],
]

const keys = new Set([
  ...recordKeys,
  ...[
    'user',
    'home',
    'shell',
    'root',
    'folder',
    'kind',
    'writable',
    'readonly',
    'clock',
    'tool',
    'disk',
    'inodes',
    'missing',
    'current',
    'shared',
    'mounted',
    'memory',
    'platform',
    'loader',
    'mode',
    'above',
    'journal',
    'release',
    'revision',
    'port',
    'maintenance',
  ],
])

/** What follows each of these first words, in the order of the lines. */
function byFirstWord(lines: readonly string[], words: ReadonlySet<string>): Lines {
  const found = new Map<string, string[]>()
  for (const line of lines) {
    const at = line.indexOf(' ')
    const word = line.slice(0, Math.max(0, at))
    if (!words.has(word)) continue
    const rest = line.slice(at + 1)
    const known = found.get(word)
    if (known === undefined) found.set(word, [rest])
    else known.push(rest)
  }
  return found
}

/** Whether another account than ours and root's may write records. `said`: whose they are, the owner and the permissions. */
function distrusted(said: string | undefined, damaged: Damage[]): boolean {
  const [, whose, owner, mode = ''] = /^(ours|other) (\d{1,10}) ([0-7]{1,5})$/.exec(said ?? '') ?? []
  if (owner === undefined) return false
  const isForeign = whose === 'other' && owner !== '0'
  if (!isForeign && !hasBit(mode, 0o022)) return false
  const why = isForeign ? `belongs to another account (uid ${owner})` : `may be written by others (mode ${mode})`
  damaged.push({ file: paths.records, why: `${why}: what it says is not believed` })
  return true
}

function withoutRecords(lines: Lines): Lines {
  return new Map([...lines].filter(([key]) => !recordKeys.includes(key)))
}

/** With the sticky bit, all may add to a folder, and put nothing in the place of what is there. */
function openOf(kind: HostState['rootKind'], mode: string, above: string): HostState['open'] {
  const isInside = hasBit(mode, 0o002) && (kind === 'folder' || !hasBit(mode, 0o1000))
  const isAbove = hasBit(above, 0o002) && !hasBit(above, 0o1000)
  return [...(isInside ? (['folder'] as const) : []), ...(isAbove ? (['above'] as const) : [])]
}

/** Whether permissions, as stat says them, have one of these bits. */
function hasBit(mode: string, bits: number): boolean {
  return /^[0-7]{1,5}$/.test(mode) && (Number.parseInt(mode, 8) & bits) !== 0
}

function portsOf(lines: readonly string[]): HostState['ports'] {
  const links = lines.slice(0, most).flatMap(line => {
    const [, port = '', release = ''] = /^(\d{1,5}) \.\.\/releases\/(.+)$/.exec(line) ?? []
    return isReleaseId(release) ? [[Number(port), release] as const] : []
  })
  return Object.fromEntries(links)
}

function kindOf(word: string): HostState['rootKind'] {
  return word === 'folder' || word === 'absent' ? word : 'other'
}

function currentOf(text: string): Current {
  const [kind = '', resolves, release = '', ...target] = text.split(' ')
  if (kind === 'link') {
    return {
      kind,
      resolves: resolves === 'yes',
      release: isReleaseId(release) ? release : null,
      target: newlines(target.join(' ')),
    }
  }
  return kind === 'folder' || kind === 'other' ? { kind } : { kind: 'absent' }
}

/** In one order on every host: `find` lists them as the file system does. */
function sharedLinksOf(lines: readonly string[]): readonly SharedLink[] {
  const links = lines.flatMap(sharedLinkOf).sort((a, b) => (a.path < b.path ? -1 : 1))
  return links.slice(0, mostLinks)
}

/** Its path is proposed as text for the configuration: only one that needs no quoting there. */
function sharedLinkOf(line: string): readonly SharedLink[] {
  const [, kind, path] = /^(file|dir) ([\p{L}\p{N}_.@+ -]+(?:\/[\p{L}\p{N}_.@+ -]+)?)$/u.exec(utf8(line)) ?? []
  return (kind === 'file' || kind === 'dir') && path !== undefined && path.length <= 200 ? [{ kind, path }] : []
}

/** A folder that is not named like a release is none. They come sorted by name, so that the last ones are the newest. */
function releasesOf(all: All, damaged: Damage[]): readonly ReleaseState[] {
  const ids = new Set(all('release').slice(-most).filter(isReleaseId))
  const of = (key: string) => {
    const lines = byFirstWord(all(key), ids)
    return (id: string) => lines.get(id)?.[0] ?? null
  }
  const [sealOf, badOf, revisionIn, runIn] = [of('seal'), of('bad'), of('revision'), of('run')] as const
  const confirmed = new Set(all('confirmed'))
  return newestFirst(ids).map(id => {
    const [tree = '-', ...rest] = (sealOf(id) ?? '').split(' ')
    const record = intact(sealRecord, utf8(rest.join(' ')), paths.seal(id), damaged)
    const bad = badOf(id)
    const run = runIn(id)
    return {
      id,
      digest: record?.digest ?? null,
      extra: record?.extra ?? 0,
      tx: record?.tx ?? null,
      by: record?.by ?? null,
      at: record?.at ?? null,
      tree: /^[0-9a-f]{64}$/.test(tree) ? tree : null,
      bad: bad === null ? null : shown(bad),
      confirmed: confirmed.has(id),
      run: run === null ? null : readRun(utf8(run)),
      revision: revisionOf(revisionIn(id)),
      ...(record?.origin ? { origin: record.origin } : {}),
    }
  })
}

function transactionsOf(all: All, damaged: Damage[]): readonly TransactionState[] {
  const lines = all('tx')
  if (lines.length > most) damaged.push({ file: paths.journals, why: `holds more than ${most} transactions` })
  const looked = lines.slice(0, most).map(line => line.split(' '))
  const leases = byFirstWord(all('lease'), new Set(looked.map(([id = '']) => id)))
  return looked.flatMap(words => transactionOf(words, leases, damaged))
}

/** A journal that does not fit tells nothing of its transaction that can be acted on. */
function transactionOf(
  words: readonly string[],
  leases: ReadonlyMap<string, readonly string[]>,
  damaged: Damage[],
): readonly TransactionState[] {
  const [id = '', state = '', outcome = '', next = '', ...old] = words
  if (!isTransactionId(id)) {
    const why = `holds "${escapeLine(id, 100)}", which is not named like a transaction`
    damaged.push({ file: paths.journals, why })
    return []
  }
  const begun = state === 'armed' || state === 'swapped' || state === 'back' || state === 'unserved'
  if (next === '-' ? begun : !isReleaseId(next)) {
    damaged.push({ file: paths.tx(id), why: 'does not name the release that it was to bring' })
    return []
  }
  const target = newlines(old.join(' '))
  return [
    {
      id,
      state: begun ? state : 'prepared',
      outcome: outcome === 'confirmed' || outcome === 'reverted' ? outcome : null,
      next: next === '-' ? null : next,
      old: target === '' ? null : target,
      lease: whole(leases.get(id)?.[0]),
    },
  ]
}

function warmOf([note]: readonly string[], damaged: Damage[]): string | null {
  if (note === undefined || isReleaseId(note)) return note ?? null
  damaged.push({ file: paths.warm, why: 'names no release' })
  return null
}

/** A commit, a digest, or what else stands in REVISION: of what others get to see, nothing that does anything. */
function revisionOf(text: string | null): string | null {
  return text !== null && /^[A-Za-z0-9_][\w.:/@+~^-]{0,199}$/.test(text) ? text : null
}

/** A whole number; null for anything else. */
function whole(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : null
}

function fields(line: string): readonly string[] {
  return line.trim().split(/\s+/)
}

/** Takes the newlines back that inspect wrote as 036, without the one that ends the line. */
function newlines(text: string): string {
  return utf8(text).replaceAll('\x1e', '\n').replace(/\n$/, '')
}

function shown(text: string): string {
  return escapeLine(utf8(text))
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}
