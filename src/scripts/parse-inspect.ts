import type {
  Current,
  DrainRecord,
  FleetRecord,
  HistoryRecord,
  Holder,
  HostState,
  MaintenanceRecord,
  ReleaseState,
  TransactionState,
} from '../inventory/state.js'
import { newestFirst } from '../release/id.js'

/** Reads what the inspect script printed. Lines that it does not know are passed over (a host may be chatty). */
export function parseInspect(name: string, stdout: Buffer): HostState {
  const lines = stdout.toString('latin1').split('\n')
  const all = (key: string) => lines.filter(line => line.startsWith(`${key} `)).map(line => line.slice(key.length + 1))
  const one = (key: string) => all(key)[0] ?? ''
  const disk = fields(one('disk'))
  const inodes = fields(one('inodes'))
  const held = one('held')
  return {
    name,
    user: utf8(one('user')),
    home: utf8(one('home')),
    shell: utf8(one('shell')),
    root: newlines(one('root')),
    rootKind: kindOf(one('kind')),
    writable: all('writable').length > 0 && all('writable').every(word => word === 'yes'),
    clock: Number(one('clock')),
    tools: all('tool'),
    disk: {
      freeKb: Number(disk[3] ?? 0),
      freeInodes: Number(inodes[1]) > 0 && /^\d+$/.test(inodes[3] ?? '') ? Number(inodes[3]) : null,
      mount: utf8(disk.slice(5).join(' ')),
    },
    current: currentOf(one('current')),
    mounted: one('mounted') === 'yes',
    releases: releasesOf(all('release'), all('seal'), all('bad'), all('revision'), all('confirmed'), all('run')),
    lock: {
      epoch: Number(one('epoch') || 0),
      held: held !== '',
      holder: record<Holder>(one('holder')),
      age: held === '' ? null : Number(held),
      over: lines.some(line => line.startsWith('ended ')) ? { kind: 'ended', why: utf8(one('ended')) } : null,
    },
    transactions: all('tx').map(text => transactionOf(text, all('lease'))),
    fleet: record<FleetRecord>(one('fleet')),
    last: record<HistoryRecord>(one('history')),
    missing: all('missing').map(utf8),
    drained: record<DrainRecord>(one('drained')),
    maintenance: lines.some(line => line.startsWith('maintenance ')) ? maintenanceOf(one('maintenance')) : null,
  }
}

function maintenanceOf(text: string): MaintenanceRecord {
  const found = record<Partial<MaintenanceRecord>>(text)
  const known = typeof found === 'object' && found !== null ? found : {}
  return { ...known, out: Array.isArray(known.out) ? known.out : [] }
}

function kindOf(word: string): HostState['rootKind'] {
  return word === 'folder' || word === 'absent' ? word : 'other'
}

function currentOf(text: string): Current {
  const [kind = '', resolves, release, ...target] = text.split(' ')
  if (kind === 'link') {
    return {
      kind,
      resolves: resolves === 'yes',
      release: release === '-' ? null : (release ?? null),
      target: newlines(target.join(' ')),
    }
  }
  return kind === 'folder' || kind === 'other' ? { kind } : { kind: 'absent' }
}

function releasesOf(
  ids: readonly string[],
  seals: readonly string[],
  bads: readonly string[],
  revisions: readonly string[],
  confirmed: readonly string[],
  runs: readonly string[],
): readonly ReleaseState[] {
  const of = (lines: readonly string[], id: string) =>
    lines.find(line => line.startsWith(`${id} `))?.slice(id.length + 1) ?? null
  return newestFirst(ids).map(id => {
    const [tree = '-', ...rest] = (of(seals, id) ?? '').split(' ')
    const seal = record<Seal>(rest.join(' '))
    return {
      id,
      digest: seal?.digest ?? null,
      extra: seal?.extra ?? 0,
      by: seal?.by ?? null,
      at: seal?.at ?? null,
      tree: tree === '-' || tree === '' ? null : tree,
      bad: text(of(bads, id)),
      confirmed: confirmed.includes(id),
      run: text(of(runs, id)),
      revision: of(revisions, id),
    }
  })
}

function text(bytes: string | null): string | null {
  return bytes === null ? null : utf8(bytes)
}

/** What `seal` recorded of a release. */
interface Seal {
  readonly digest: string
  readonly extra: number
  readonly by: string
  readonly at: string
}

function transactionOf(text: string, leases: readonly string[]): TransactionState {
  const [id = '', state = '', outcome = '', next = '', ...old] = text.split(' ')
  const target = newlines(old.join(' '))
  const lease = leases.find(line => line.startsWith(`${id} `))?.slice(id.length + 1)
  return {
    id,
    state: state === 'armed' || state === 'swapped' || state === 'unserved' ? state : 'prepared',
    outcome: outcome === 'confirmed' || outcome === 'reverted' ? outcome : null,
    next: next === '-' ? null : next,
    old: target === '' ? null : target,
    lease: lease === undefined ? null : Number(lease),
  }
}

/** A JSON record that we wrote; null when it is absent or damaged. */
function record<T>(text: string): T | null {
  if (text === '') return null
  try {
    return JSON.parse(utf8(text)) as T
  } catch {
    return null
  }
}

function fields(line: string): readonly string[] {
  return line.trim().split(/\s+/)
}

/** Takes the newlines back that inspect wrote as 036, without the one that ends the line. */
function newlines(text: string): string {
  return utf8(text).replaceAll('\x1e', '\n').replace(/\n$/, '')
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}
