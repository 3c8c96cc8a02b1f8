import { requiredTools, usefulTools } from '../../src/scripts/read/inspect.js'
import type { HostState, ReleaseState, TransactionState } from '../../src/state/host-state.js'

export const idOf = (day: number) => `202601${String(day).padStart(2, '0')}-000000-aaaaaaa`

export function release(day: number, more: Partial<ReleaseState> = {}): ReleaseState {
  const id = idOf(day)
  return {
    id,
    digest: `sha256:${day}`,
    extra: 1,
    tree: null,
    bad: null,
    confirmed: true,
    run: null,
    revision: `rev${day}`,
    tx: 't1',
    by: 'anna',
    at: null,
    ...more,
  }
}

export function link(day: number): HostState['current'] {
  return { kind: 'link', target: `releases/${idOf(day)}`, resolves: true, release: idOf(day) }
}

export function transaction(
  state: TransactionState['state'],
  outcome: TransactionState['outcome'],
  more: Partial<TransactionState> = {},
): TransactionState {
  return { id: 't1', state, outcome, next: idOf(4), old: `releases/${idOf(3)}`, lease: null, ...more }
}

export function record(seq: number, day: number) {
  return { seq, release: idOf(day), digest: `sha256:${day}`, previous: null, by: 'anna', at: '2026-01-01T00:00:00Z' }
}

/** A host that serves the third of three good releases, with all tools and much space. */
export function host(name = 'web-1', more: Partial<HostState> = {}): HostState {
  return {
    name,
    user: 'deploy',
    home: '/home/deploy',
    shell: '/bin/sh',
    root: '/srv/shop',
    rootKind: 'folder',
    folder: null,
    writable: true,
    open: [],
    readOnly: false,
    clock: 0,
    tools: [...requiredTools, ...usefulTools],
    disk: { freeKb: 1_000_000, freeInodes: 1_000_000, mount: '/srv' },
    current: link(3),
    sharedLinks: [],
    mounted: false,
    releases: [release(3), release(2), release(1)],
    lock: { epoch: 1, held: false, holder: null, age: null, over: null },
    transactions: [],
    fleet: record(3, 3),
    last: null,
    missing: [],
    drained: null,
    warm: null,
    memory: null,
    platform: null,
    ports: {},
    maintenance: null,
    damaged: [],
    ...more,
  }
}
