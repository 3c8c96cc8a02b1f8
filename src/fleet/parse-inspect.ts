import type { Current, Damage, HostState, ReleaseState, TransactionState } from '../inventory/state.js'
import { isReleaseId, isTransactionId, newestFirst } from '../release/id.js'
import { paths } from '../release/paths.js'
import { knownTools } from '../scripts/inspect.js'
import { escapeLine } from '../text/escape.js'
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
  const lines = stdout.toString('latin1').split('\n')
  const all = (key: string) => lines.filter(line => line.startsWith(`${key} `)).map(line => line.slice(key.length + 1))
  const one = (key: string) => all(key)[0] ?? ''
  const root = newlines(one('root'))
  if (!root.startsWith('/') || all('clock').length === 0 || all('kind').length === 0) return null
  const damaged: Damage[] = []
  const disk = fields(one('disk'))
  const inodes = fields(one('inodes'))
  const found = {
    releases: releasesOf(
      all('release'),
      all('seal'),
      all('bad'),
      all('revision'),
      all('confirmed'),
      all('run'),
      damaged,
    ),
    transactions: all('tx').flatMap(line => transactionOf(line, all('lease'), damaged)),
    fleet: intact(fleetRecord, utf8(one('fleet')), paths.fleet, damaged),
    drained: intact(drainRecord, utf8(one('drained')), paths.drained, damaged),
  }
  return {
    name,
    user: shown(one('user')),
    home: utf8(one('home')),
    shell: shown(one('shell')),
    root,
    rootKind: kindOf(one('kind')),
    writable: all('writable').length > 0 && all('writable').every(word => word === 'yes'),
    readOnly: one('readonly') === 'yes',
    clock: whole(one('clock')) ?? 0,
    tools: knownTools.filter(tool => all('tool').includes(tool)),
    disk: {
      freeKb: whole(disk[3]) ?? 0,
      freeInodes: (whole(inodes[1]) ?? 0) > 0 ? whole(inodes[3]) : null,
      mount: shown(disk.slice(5).join(' ')),
    },
    current: currentOf(one('current')),
    mounted: one('mounted') === 'yes',
    ...found,
    lock: {
      epoch: whole(one('epoch')) ?? 0,
      held: one('held') !== '',
      holder: fitting(holderRecord, utf8(one('holder'))),
      age: whole(one('held')),
      over: lines.some(line => line.startsWith('ended ')) ? { kind: 'ended', why: shown(one('ended')) } : null,
    },
    last: fitting(historyRecord, utf8(one('history'))),
    missing: all('missing').map(shown),
    maintenance: lines.some(line => line.startsWith('maintenance '))
      ? (fitting(maintenanceRecord, utf8(one('maintenance'))) ?? { out: [] })
      : null,
    damaged,
  }
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

/** A folder that is not named like a release is none. */
function releasesOf(
  ids: readonly string[],
  seals: readonly string[],
  bads: readonly string[],
  revisions: readonly string[],
  confirmed: readonly string[],
  runs: readonly string[],
  damaged: Damage[],
): readonly ReleaseState[] {
  const of = (lines: readonly string[], id: string) =>
    lines.find(line => line.startsWith(`${id} `))?.slice(id.length + 1) ?? null
  return newestFirst(new Set(ids.filter(isReleaseId))).map(id => {
    const [tree = '-', ...rest] = (of(seals, id) ?? '').split(' ')
    const record = intact(sealRecord, utf8(rest.join(' ')), paths.seal(id), damaged)
    const bad = of(bads, id)
    const run = of(runs, id)
    return {
      id,
      digest: record?.digest ?? null,
      extra: record?.extra ?? 0,
      tx: record?.tx ?? null,
      by: record?.by ?? null,
      at: record?.at ?? null,
      tree: /^[0-9a-f]{64}$/.test(tree) ? tree : null,
      bad: bad === null ? null : shown(bad),
      confirmed: confirmed.includes(id),
      run: run === null ? null : readRun(utf8(run)),
      revision: revisionOf(of(revisions, id)),
    }
  })
}

/** A journal that does not fit tells nothing of its transaction that can be acted on. */
function transactionOf(line: string, leases: readonly string[], damaged: Damage[]): readonly TransactionState[] {
  const [id = '', state = '', outcome = '', next = '', ...old] = line.split(' ')
  if (!isTransactionId(id)) {
    damaged.push({ file: escapeLine(`.clonedeploy/tx/${id}`, 100), why: 'is not named like a transaction' })
    return []
  }
  const begun = state === 'armed' || state === 'swapped' || state === 'unserved'
  if (next === '-' ? begun : !isReleaseId(next)) {
    damaged.push({ file: paths.tx(id), why: 'does not name the release that it was to bring' })
    return []
  }
  const target = newlines(old.join(' '))
  const lease = leases.find(one => one.startsWith(`${id} `))?.slice(id.length + 1)
  return [
    {
      id,
      state: begun ? state : 'prepared',
      outcome: outcome === 'confirmed' || outcome === 'reverted' ? outcome : null,
      next: next === '-' ? null : next,
      old: target === '' ? null : target,
      lease: whole(lease),
    },
  ]
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
