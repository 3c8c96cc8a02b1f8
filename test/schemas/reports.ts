import * as z from 'zod'
import type { PrunedStore } from '../../src/commands/store/prune-store.js'
import type { Left } from '../../src/project/capistrano/cap-left.js'
import type { CheckedHost, CheckedStore, CheckProblem } from '../../src/render/reports/check.js'
import type { HostLog } from '../../src/render/reports/logs.js'
import type { ReleasesReport } from '../../src/render/reports/releases.js'
import type { LoginReport } from '../../src/state/answers/known-user.js'
import type { Difference } from '../../src/state/answers/same-answers.js'
import type { AdviceKind, AuditReport } from '../../src/state/user-data.js'
import { exactly } from './exactly.js'
import { count, ended, names, origin, orNull, portState, runtime, time } from './parts.js'

const app = z.string()

const presence = z.enum(['current', 'intact', 'missing', 'bad', 'foreign'])

const release = exactly<ReleasesReport['releases'][number]>()(
  z.strictObject({
    id: z.string(),
    when: orNull,
    who: orNull,
    revision: orNull,
    origin: origin.nullable(),
    bad: orNull,
    confirmed: z.boolean(),
    hosts: z.array(z.strictObject({ name: z.string(), state: presence })),
  }),
)

export const releases = ended('releases', ['done', 'incomplete'], { app, hosts: names, releases: z.array(release) })

const kind = z.enum(['session', 'database', 'upload', 'configuration', 'log', 'cache', 'file'])

const found = exactly<AuditReport['found'][number]>()(
  z.strictObject({
    path: z.string(),
    kind,
    evidence: z.array(z.enum(['release', 'shared', 'session', 'open'])),
    why: z.string(),
    hosts: z.array(
      z.strictObject({ name: z.string(), size: count, modified: time, owner: z.string(), process: orNull }),
    ),
  }),
)

const advised = exactly<AdviceKind>()(z.enum([...kind.options, 'answer']))

const difference = exactly<Difference>()(
  z.strictObject({
    request: z.string(),
    part: z.enum(['status', 'header', 'body']),
    header: orNull,
    line: z.int().min(1).nullable(),
    hosts: names,
    says: z.string(),
    others: names,
    othersSay: z.string(),
  }),
)

const login = exactly<LoginReport>()(
  z.strictObject({
    host: z.string(),
    page: z.string(),
    result: z.enum(['known', 'unknown', 'incomplete']),
    known: names,
    unknown: z.array(z.strictObject({ name: z.string(), status: z.int().nullable() })),
    error: orNull,
  }),
)

export const audit = ended('audit', ['clean', 'found', 'incomplete'], {
  app,
  hosts: z.array(z.strictObject({ name: z.string(), reachable: z.boolean(), error: orNull })),
  found: z.array(found),
  answers: z.array(difference),
  login: login.nullable(),
  advice: z.partialRecord(advised, z.string()),
  notes: names,
})

const checkedHost = exactly<CheckedHost>()(
  z.strictObject({
    name: z.string(),
    address: z.string(),
    hostKey: z.string(),
    auth: z.string(),
    transport: z.string(),
    why: orNull,
    shell: z.string(),
    deployTo: z.string(),
    freeBytes: count,
    freeInodes: count.nullable(),
    mount: z.string(),
    clockOffset: z.number().nullable(),
    roundTripMs: z.number(),
    tools: names,
    tar: orNull,
    syncsOne: z.boolean().nullable(),
    ports: z.array(portState).exactOptional(),
    runtime: runtime.exactOptional(),
  }),
)

const checkProblem = exactly<CheckProblem>()(
  z.strictObject({
    host: z.string(),
    text: z.string(),
    fix: orNull,
    details: names.exactOptional(),
    next: names.exactOptional(),
  }),
)

const checkedStore = exactly<CheckedStore>()(z.strictObject({ name: z.string(), fault: orNull }))

export const check = ended('check', ['done', 'problems'], {
  app,
  hosts: z.array(checkedHost),
  store: checkedStore.nullable(),
  problems: z.array(checkProblem),
  warnings: names,
})

const prunedStore = exactly<PrunedStore>()(
  z.strictObject({
    name: z.string(),
    removed: z.array(z.strictObject({ release: z.string(), digest: z.string() })),
    error: orNull,
  }),
)

export const prune = ended('prune', ['done', 'planned', 'incomplete'], {
  dryRun: z.boolean(),
  hosts: z.array(z.strictObject({ name: z.string(), removed: names, inUse: names, failed: z.boolean() })),
  store: prunedStore.exactOptional(),
})

const hostLog = exactly<HostLog>()(z.strictObject({ name: z.string(), source: orNull, lines: names, error: orNull }))

export const logs = ended('logs', ['done', 'incomplete'], { app, hosts: z.array(hostLog) })

export const lock = ended('lock', ['locked'], { tx: z.string(), hosts: names })

export const unlock = ended('unlock', ['unlocked', 'unchanged', 'incomplete'], {
  tx: orNull,
  hosts: names,
  away: names.exactOptional(),
  store: z
    .strictObject({ name: z.string(), generation: z.int(), state: z.enum(['confirmed', 'withdrawn']) })
    .exactOptional(),
})

export const maintenance = ended('maintenance', ['done'], {
  maintenance: z.enum(['on', 'off']),
  hosts: names,
  balancers: names,
})

const printed = z.strictObject({ stream: z.enum(['stdout', 'stderr']), line: z.string() })

export const run = ended('run', ['done', 'failed'], {
  app,
  hosts: z.array(
    z.strictObject({
      name: z.string(),
      exitCode: z.int().nullable(),
      error: orNull,
      omitted: count,
      output: z.array(printed),
    }),
  ),
})

export const report = ended('report', ['done'], { run: z.string(), file: z.string() })

const hostKey = z.strictObject({ type: z.string(), fingerprint: z.string() })
const trusted = {
  result: z.enum(['added', 'known']),
  host: z.string(),
  address: z.string(),
  port: z.int(),
  hostKey,
  where: z.string(),
}
const whoTrusts = { v: z.literal(1), command: z.literal('trust'), exitCode: z.literal(0), stage: orNull }

/** One host stands in the object itself. */
export const trust = z.union([
  z.strictObject({ ...whoTrusts, ...trusted }),
  z.strictObject({ ...whoTrusts, result: trusted.result, hosts: z.array(z.strictObject(trusted)) }),
])

const initHost = z.strictObject({
  name: z.string(),
  ok: z.boolean(),
  address: orNull,
  hostKey: orNull,
  problems: names,
})

const left = exactly<Left>()(
  z.strictObject({ file: z.string(), line: z.int().min(1), what: z.string(), instead: z.string() }),
)

export const init = z.strictObject({
  v: z.literal(1),
  command: z.literal('init'),
  result: z.literal('done'),
  exitCode: z.literal(0),
  stage: z.null(),
  app,
  written: names,
  kept: names,
  hosts: z.array(initHost).nullable(),
  notes: names,
  capistrano: z.strictObject({ read: names, left: z.array(left) }).exactOptional(),
})
