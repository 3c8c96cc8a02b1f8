import type { Event } from '../../src/fleet/events.js'
import type { HostOutcome, Outcome } from '../../src/fleet/outcome.js'

export const newer = '20261123-183045-7a6ae02'
export const older = '20261122-101010-1f2e3d4'

export function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    command: 'deploy',
    app: 'shop',
    stage: 'production',
    result: 'deployed',
    exitCode: 0,
    release: newer,
    previous: older,
    digest: `sha256:9f2c1e${'0'.repeat(58)}`,
    seconds: 31,
    bytes: 37_200_000,
    swapWindowMs: 41,
    switchWindowMs: null,
    hosts: ['web-1', 'web-2', 'web-3'].map(name => hostOutcome(name)),
    reason: null,
    next: [],
    warnings: [],
    log: `.clonedeploy/logs/${newer}.log`,
    ...changes,
  }
}

export function hostOutcome(name: string, changes: Partial<HostOutcome> = {}): HostOutcome {
  return {
    name,
    current: newer,
    digest: `sha256:9f2c1e${'0'.repeat(58)}`,
    healthy: true,
    bytes: 12_400_000,
    error: null,
    ...changes,
  }
}

const said = { revision: '7a6ae02'.padEnd(40, '0'), message: 'cart: new route', commits: null }

/** The beginning of a deploy to these hosts. */
export function begun(...hosts: readonly string[]): readonly [Event, number] {
  const where = { command: 'deploy', app: 'shop', stage: 'production', by: 'anna', from: 'laptop' }
  return [{ type: 'run.start', ...where, hosts }, 0]
}

/** A deploy to three hosts, and how many milliseconds pass after each event. */
export const deployed: readonly (readonly [Event, number])[] = [
  begun('web-1', 'web-2', 'web-3'),
  [{ type: 'run.release', release: newer, previous: older, note: 'main, clean', ...said }, 0],
  [{ type: 'phase.start', phase: 'check' }, 400],
  [hostEnd('check', 'inspect', 'web-1', 'deploy@10.0.0.11  41 GB free'), 0],
  [hostEnd('check', 'inspect', 'web-2', 'deploy@10.0.0.12  39 GB free'), 0],
  [hostEnd('check', 'inspect', 'web-3', 'deploy@10.0.0.13  40 GB free'), 1600],
  [{ type: 'phase.end', phase: 'check', ok: true, ms: 2000, note: '3/3 hosts' }, 0],
  [{ type: 'phase.start', phase: 'build' }, 100],
  [
    {
      type: 'output',
      host: null,
      step: 'npm run build',
      stream: 'stdout',
      line: 'vite v7.1.0 building for production...',
    },
    10_900,
  ],
  [{ type: 'phase.end', phase: 'build', ok: true, ms: 11_000, note: 'npm run build' }, 0],
  [{ type: 'phase.start', phase: 'push' }, 0],
  [{ type: 'host.start', phase: 'push', step: 'upload', host: 'web-1' }, 0],
  [{ type: 'host.start', phase: 'push', step: 'upload', host: 'web-3' }, 500],
  [{ type: 'host.progress', phase: 'push', host: 'web-3', done: 4_100_000, total: 12_400_000 }, 600],
  [hostEnd('push', 'upload', 'web-1', '12.4 MB in 1.1s, sha256 ok'), 10_800],
  [hostEnd('push', 'upload', 'web-3', '12.4 MB in 11.9s, sha256 ok'), 0],
  [{ type: 'phase.end', phase: 'push', ok: true, ms: 11_900, note: '12.4 MB to each' }, 0],
  [{ type: 'phase.start', phase: 'swap' }, 41],
  [{ type: 'phase.end', phase: 'swap', ok: true, ms: 41, note: '3/3 swapped in 41 ms' }, 0],
  [{ type: 'run.end', outcome: outcome({ next: ['clonedeploy rollback'] }) }, 0],
]

/** A deploy whose health check fails on web-3. */
export const failing: readonly (readonly [Event, number])[] = [
  begun('web-1', 'web-3'),
  [{ type: 'phase.start', phase: 'health' }, 0],
  [{ type: 'run.release', release: newer, previous: older, note: '', ...said }, 0],
  [{ type: 'host.start', phase: 'health', step: 'health', host: 'web-1' }, 0],
  [{ type: 'host.start', phase: 'health', step: 'health', host: 'web-3' }, 12],
  [hostEnd('health', 'health', 'web-1', '200 in 12 ms'), 500],
  [{ type: 'output', host: 'web-3', step: 'health', stream: 'stderr', line: '\u001b[31m::error::Cannot find\r' }, 0],
  [{ type: 'output', host: 'web-3', step: 'health', stream: 'stderr', line: '##[add-mask]a' }, 29_000],
  [hostEnd('health', 'health', 'web-3', 'GET / → 500, 10 tries in 30s', false), 0],
  [{ type: 'note', level: 'warning', host: 'web-1', text: 'the clock is 40s behind' }, 0],
  [{ type: 'phase.end', phase: 'health', ok: false, ms: 29_512, note: '1/2' }, 0],
  [{ type: 'phase.start', phase: 'rollback', note: 'web-3 failed, putting all 2 hosts back' }, 900],
  [hostEnd('rollback', 'restore', 'web-1', 'back'), 0],
  [hostEnd('rollback', 'restore', 'web-3', 'back'), 0],
  [{ type: 'phase.end', phase: 'rollback', ok: true, ms: 900, note: '' }, 0],
  [
    {
      type: 'run.end',
      outcome: outcome({
        result: 'put-back',
        exitCode: 5,
        reason: 'the health check failed on web-3',
        hosts: [
          hostOutcome('web-1', { current: older }),
          hostOutcome('web-3', {
            current: older,
            error: {
              phase: 'health',
              step: 'health',
              message: 'GET / → 500, 10 tries in 30s',
              hint: 'web-3 listens on 127.0.0.1:8080, not 3000',
              output: ['\u001b[31m::error::Cannot find\r', '##[add-mask]a'],
            },
          }),
        ],
      }),
    },
    0,
  ],
]

function hostEnd(
  phase: Extract<Event, { type: 'host.end' }>['phase'],
  step: string,
  host: string,
  note: string,
  ok = true,
): Event {
  return { type: 'host.end', phase, step, host, ok, ms: 41, note, ...(phase === 'swap' ? { release: newer } : {}) }
}
