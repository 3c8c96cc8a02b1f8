import type { HostFailure, Outcome, Phase } from '../../../src/fleet/outcome.js'
import type { KeptEnd, KeptEvent, Timed } from '../../../src/render/page/story.js'

export const newer = '20261123-183045-7a6ae02'
export const older = '20261122-101010-1f2e3d4'

export const commits = [
  { id: '7a6ae02'.padEnd(40, '0'), author: 'Anna', subject: 'cart: new route' },
  { id: 'c0ffee1'.padEnd(40, '0'), author: 'Ben Okafor', subject: 'Round prices per line, not per order' },
]

const release: KeptEvent = {
  type: 'run.release',
  release: newer,
  previous: older,
  note: 'main, clean',
  revision: '7a6ae02'.padEnd(40, '0'),
  message: 'cart: new route',
  commits,
}

/** A run that is written down as it goes: times are milliseconds since its start. */
export function writing(hosts: readonly string[], command = 'deploy') {
  const began = Date.parse('2026-11-23T18:30:45.000Z')
  const events: Timed[] = []
  const at = (ms: number, event: KeptEvent) => events.push({ at: began + ms, event })
  at(0, { type: 'run.start', command, app: 'shop', stage: 'production', by: 'anna', from: 'laptop', hosts })
  return {
    at,
    events: (): readonly Timed[] => [...events].sort((a, b) => a.at - b.at),
    /** A phase; each host takes its time, from the beginning of the phase on. */
    phase(
      phase: Phase,
      from: number,
      took: readonly number[] | ((i: number) => number),
      note = '',
      failed: Readonly<Record<number, string>> = {},
    ) {
      const all = typeof took === 'function' ? hosts.map((_, i) => Math.round(took(i))) : took
      const to = from + Math.max(0, ...all)
      at(from, { type: 'phase.start', phase })
      for (const [i, ms] of all.entries()) {
        const host = hosts[i] ?? ''
        const why = failed[i]
        at(from + ms, { type: 'host.end', phase, step: phase, host, ok: why === undefined, ms, note: why ?? '' })
      }
      at(to, { type: 'phase.end', phase, ok: Object.keys(failed).length === 0, ms: to - from, note })
      return to
    },
    /** A phase of this machine alone. */
    here(phase: Phase, from: number, ms: number, note = '') {
      at(from, { type: 'phase.start', phase })
      at(from + ms, { type: 'phase.end', phase, ok: true, ms, note })
      return from + ms
    },
  }
}

export function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `web-${i + 1}`)
}

/** How such a run ends. */
export function endOf(hosts: readonly string[], changes: Partial<KeptEnd> = {}): KeptEnd {
  return {
    result: 'deployed',
    exitCode: 0,
    release: newer,
    previous: older,
    digest: `sha256:${'9f'.repeat(32)}`,
    seconds: 31,
    bytes: hosts.length * 26_441,
    swapWindowMs: 3,
    switchWindowMs: null,
    hosts: hosts.map(name => hostEnd(name)),
    reason: null,
    next: ['undo: clonedeploy rollback'],
    warnings: [],
    details: null,
    ...changes,
  }
}

export function hostEnd(
  name: string,
  current: string | null = newer,
  error: HostFailure | null = null,
): Outcome['hosts'][number] {
  return { name, current, digest: null, healthy: error === null, bytes: 26_441, error }
}

/** A deploy that goes well; the last host is slow to get its files. */
export function deployed(count: number): readonly Timed[] {
  const hosts = namesOf(count)
  const run = writing(hosts)
  const last = count - 1
  let now = run.phase('check', 20, () => 380, `${count}/${count} hosts`)
  now = run.here('build', now, 9000, '2 commands')
  run.at(now, {
    type: 'output',
    host: null,
    step: 'build',
    stream: 'stdout',
    line: 'vite v7.1.0 building for production...',
  })
  run.at(now, { type: 'output', host: null, step: 'build', stream: 'stdout', line: '✓ 412 modules transformed.' })
  run.at(now, release)
  now = run.phase('lock', now, i => 60 + (i % 7) * 5)
  now = run.phase('push', now, i => (i === last && count > 1 ? 6900 : 1000 + ((i * 37) % 11) * 90), `${count}/${count}`)
  now = run.phase('prepare', now, i => 2400 + ((i * 53) % 13) * 120)
  now = run.phase('swap', now, i => 24 + (i % 5), `${count}/${count} swapped in 3 ms`)
  now = run.phase('restart', now, i => 900 + ((i * 17) % 9) * 60)
  now = run.phase('health', now, i => 300 + ((i * 29) % 10) * 150)
  now = run.phase('confirm', now, i => 40 + (i % 4) * 6)
  now = run.phase('clean', now, i => 120 + (i % 6) * 25, 'removed 1 old release on each host')
  for (const host of hosts) run.at(now, { type: 'traffic', host, roundTrips: 31, bytes: 26_441 })
  run.at(now, { type: 'run.end', end: endOf(hosts) })
  return run.events()
}

const printed = [
  "Error: Cannot find module './routes/cart.js'",
  '    at file:///srv/shop/releases/20261123-183045-7a6ae02/dist/server.js:12:1',
]

/** One that fails after the swap: all hosts go back. */
export function putBack(count: number): readonly Timed[] {
  const hosts = namesOf(count)
  const run = writing(hosts)
  const last = count - 1
  const why = 'GET http://127.0.0.1:3000/healthz → 500, 10 tries in 12s'
  let now = run.phase('check', 10, () => 300, `${count}/${count} hosts`)
  run.at(now, release)
  now = run.phase('lock', now, () => 60)
  now = run.phase('push', now, i => 800 + i * 40)
  now = run.phase('prepare', now, i => 1800 + i * 70)
  now = run.phase('swap', now, i => 20 + (i % 3), `${count}/${count} swapped in 2 ms`)
  now = run.phase('restart', now, i => 700 + i * 20)
  now = run.phase('health', now, i => (i === last ? 12_000 : 240), `${last}/${count}`, { [last]: why })
  now = run.phase('rollback', now, i => 900 + (i % 4) * 90, `${count}/${count} back`)
  const error: HostFailure = {
    phase: 'health',
    step: 'health',
    message: why,
    hint: 'web listens on 127.0.0.1:8080, not 3000',
    output: printed,
    log: { source: 'journalctl -u shop', lines: ['shop: listening on 8080', ...printed] },
  }
  const ends = hosts.map((name, i) => hostEnd(name, older, i === last ? error : null))
  const end = {
    result: 'put-back',
    exitCode: 5,
    hosts: ends,
    reason: `${hosts[last]}: ${why}`,
    swapWindowMs: 2,
  } as const
  const next = [`look: clonedeploy logs ${hosts[last]} --release ${newer}`]
  run.at(now, { type: 'run.end', end: endOf(hosts, { ...end, next, warnings: ['.env was left out'] }) })
  return run.events()
}

/** One that was refused before anything was changed. */
export function refused(): readonly Timed[] {
  const hosts = namesOf(3)
  const run = writing(hosts)
  run.phase('check', 10, [310, 310, 310], '3/3 hosts')
  const nothing = { release: null, previous: null, digest: null, swapWindowMs: null, hosts: [], seconds: 0, bytes: 0 }
  const end = endOf(hosts, {
    ...nothing,
    result: 'aborted',
    exitCode: 3,
    reason: 'web-2 has too little disk space. Nothing was changed.',
    details: ['/srv (ext4)   free 210 MB   needs 640 MB', 'old releases on web-2: 9, 3.1 GB'],
    next: ['fix:  clonedeploy prune --only web-2 --keep 3'],
  })
  run.at(340, { type: 'run.end', end })
  return run.events()
}

/** One that somebody stopped while hosts prepared. */
export function stopped(): readonly Timed[] {
  const hosts = namesOf(3)
  const run = writing(hosts)
  let now = run.phase('check', 10, [310, 310, 310], '3/3 hosts')
  const what = { release: newer, previous: older, note: 'folder', revision: null, message: '', commits: null }
  run.at(now, { type: 'run.release', ...what })
  now = run.phase('push', now, [800, 900, 850])
  now = run.phase('prepare', now, [1200, 2600, 2610], '1/3', { 1: 'stopped', 2: 'stopped' })
  const ends = hosts.map(name => hostEnd(name, older))
  const end = { result: 'aborted', exitCode: 3, hosts: ends, reason: 'stopped by Ctrl-C', stopped: true } as const
  run.at(now + 200, { type: 'run.end', end: endOf(hosts, { ...end, swapWindowMs: null, next: [] }) })
  return run.events()
}

/** One that was killed in the middle of a phase. */
export function killed(): readonly Timed[] {
  const hosts = namesOf(2)
  const run = writing(hosts)
  const now = run.phase('check', 10, [310, 310])
  run.at(now, { type: 'phase.start', phase: 'push' })
  for (const host of hosts) run.at(now + 5, { type: 'host.start', phase: 'push', step: 'push', host })
  run.at(now + 900, { type: 'host.end', phase: 'push', step: 'push', host: 'web-1', ok: true, ms: 895, note: '' })
  return run.events()
}
