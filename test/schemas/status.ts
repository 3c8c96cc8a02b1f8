import * as z from 'zod'
import type { AloneReport } from '../../src/state/evidence/lone-host.js'
import type { HistoryRecord } from '../../src/state/host-state.js'
import type {
  EarlierRelease,
  Place,
  StatusHost,
  StatusReport,
  StoreReport,
  Verdict,
} from '../../src/state/status-report.js'
import { exactly } from './exactly.js'
import { count, drift, names, origin, orNull, portState, runtime } from './parts.js'

const verdict = exactly<Verdict>()(
  z.enum([
    'consistent',
    'not ours',
    'deploying',
    'locked',
    'in doubt',
    'watchdog dead',
    'split',
    'behind',
    'ahead',
    'new',
    'alone',
    'drifted',
    'service unknown',
    'drained',
    'other port',
    'warm',
    'unhealthy',
    'old process',
    'broken',
    'damaged',
    'unreachable',
    'left out',
  ]),
)

const last = exactly<HistoryRecord>()(
  z.strictObject({ at: z.string(), by: z.string(), command: z.string(), release: orNull, previous: orNull }),
)

const place = exactly<Place>()(
  z.strictObject({
    balancer: z.string(),
    server: z.string(),
    state: z.enum(['ready', 'drain', 'maint', 'unknown']),
    up: z.boolean(),
    sessions: z.number().nullable(),
  }),
)

const host = exactly<StatusHost>()(
  z.strictObject({
    name: z.string(),
    reachable: z.boolean(),
    error: orNull,
    current: orNull,
    digest: orNull,
    served: orNull,
    health: z.enum(['ok', 'failing', 'none']),
    healthNote: z.string(),
    drift: drift.nullable(),
    processes: z.array(z.strictObject({ pid: z.int(), name: z.string(), release: z.string() })),
    oldProcesses: z.enum(['fail', 'warn']),
    transaction: z.strictObject({ id: z.string(), phase: z.string(), target: orNull, previous: orNull }).nullable(),
    releases: names,
    last: last.nullable(),
    ports: z.array(portState).exactOptional(),
    places: z.array(place).exactOptional(),
    platform: z.string().exactOptional(),
    runtime: runtime.exactOptional(),
    flag: orNull,
    verdict,
    says: orNull,
    next: orNull,
    behind: count.nullable(),
  }),
)

const lock = z.strictObject({
  holder: z.string(),
  since: z.string(),
  reason: z.string(),
  alive: z.boolean(),
  tx: z.string(),
  age: z.number().nullable(),
  kept: z.boolean(),
  over: orNull,
  left: orNull,
})

const alone = exactly<AloneReport>()(
  z.strictObject({
    host: z.string(),
    release: z.string(),
    digest: orNull,
    by: z.string(),
    at: z.string(),
    tx: orNull,
  }),
)

const store = exactly<StoreReport>()(
  z.strictObject({
    name: z.string(),
    standing: z.enum(['even', 'behind', 'empty', 'pending', 'left', 'foreign', 'unknown', 'unsigned']),
    error: orNull,
    generation: z
      .strictObject({
        number: z.int(),
        state: z.enum(['pending', 'confirmed', 'withdrawn']),
        command: z.string(),
        by: z.string(),
        at: z.string(),
        tx: z.string(),
        hosts: names,
        target: z.string(),
        confirmed: orNull,
      })
      .nullable(),
  }),
)

const earlier = exactly<EarlierRelease>()(
  z.strictObject({
    release: z.string(),
    hosts: z.array(z.strictObject({ name: z.string(), drift: drift.nullable() })),
  }),
)

const maintenance = z.strictObject({
  by: z.string().exactOptional(),
  at: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  out: names,
  hosts: names,
})

/** What `status --json` says of a fleet. */
export const status = exactly<StatusReport>()(
  z.strictObject({
    v: z.literal(1),
    command: z.literal('status'),
    app: z.string(),
    stage: z.string(),
    result: z.enum(['consistent', 'mixed', 'unknown', 'empty']),
    exitCode: z.literal([0, 3, 6]),
    target: orNull,
    origin: origin.exactOptional(),
    lock: lock.nullable(),
    hosts: z.array(host),
    split: z.array(z.strictObject({ release: orNull, hosts: names })).nullable(),
    alone: z.array(alone).exactOptional(),
    maintenance: maintenance.exactOptional(),
    unlisted: names.exactOptional(),
    earlier: z.array(earlier).exactOptional(),
    store: store.exactOptional(),
    unlike: names.exactOptional(),
    problems: names,
    next: names,
  }),
)
