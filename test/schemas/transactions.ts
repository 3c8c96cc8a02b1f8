import * as z from 'zod'
import type { Outcome, Phase } from '../../src/fleet/outcome.js'
import type { outcomeJson } from '../../src/render/reports/outcome-json.js'
import type { dryRunJson, restartJson } from '../../src/render/reports/plan.js'
import { exactly } from './exactly.js'
import { count, drift, head, names, origin, orNull, refused } from './parts.js'

export const phase = exactly<Phase>()(
  z.enum([
    'check',
    'build',
    'pack',
    'lock',
    'announce',
    'push',
    'prepare',
    'warm',
    'drain',
    'swap',
    'switch',
    'restart',
    'health',
    'ready',
    'canary',
    'same',
    'bake',
    'confirm',
    'conclude',
    'cool',
    'clean',
    'rollback',
  ]),
).register(z.globalRegistry, { id: 'phase' })

const log = z.strictObject({ source: z.string(), lines: names })

const failure = z.strictObject({
  phase,
  step: z.string(),
  message: z.string(),
  hint: orNull,
  output: names,
  log: log.nullable(),
})

const host = exactly<ReturnType<typeof outcomeJson>['hosts'][number]>()(
  z.strictObject({
    name: z.string(),
    current: orNull,
    digest: orNull,
    healthy: z.boolean().nullable(),
    bytes: count,
    error: failure.nullable(),
    out: z.string().exactOptional(),
    back: z.string().exactOptional(),
    restarted: z.boolean().exactOptional(),
  }),
).register(z.globalRegistry, { id: 'hostOutcome' })

const result = exactly<Outcome['result']>()(
  z.enum(['deployed', 'restarted', 'unchanged', 'aborted', 'put-back', 'rolled-back', 'mixed']),
)

type Said<T> = Omit<T, 'v' | 'command' | 'dryRun' | 'exitCode'>

const outcome = exactly<Said<ReturnType<typeof outcomeJson>>>()(
  z.strictObject({
    result,
    stage: z.string(),
    release: z.string(),
    previous: orNull,
    digest: orNull,
    seconds: z.number().nonnegative(),
    bytes: count,
    swapWindowMs: z.number().nonnegative().nullable(),
    switchWindowMs: z.number().nonnegative().nullable(),
    hosts: z.array(host),
    reason: orNull,
    next: names,
    warnings: names,
    stopped: z.literal(true).exactOptional(),
    gone: z.array(z.strictObject({ name: z.string(), phase, message: z.string() })).exactOptional(),
    joined: z.strictObject({ hosts: names, earlier: names }).exactOptional(),
  }),
)

/** How a run ended that had hosts to say something of. */
function ended(command: Outcome['command']) {
  const { joined, ...rest } = outcome.shape
  return z.strictObject({ ...head(command), ...rest, ...(command === 'join' ? { joined } : {}) })
}

/** How one ended that had none: with the keys of an outcome. */
function stopped(command: string) {
  return refused(z.literal(command), {
    release: z.null(),
    previous: z.null(),
    digest: z.null(),
    seconds: z.literal(0),
    bytes: z.literal(0),
    swapWindowMs: z.null(),
    switchWindowMs: z.null(),
    hosts: z.array(z.never()).max(0),
  })
}

const commit = z.strictObject({ id: z.string(), author: z.string(), subject: z.string() })
export const commits = z.array(commit).nullable()
const compared = z.strictObject({ total: count, added: count, removed: count, changed: count, notCompared: z.null() })
const notCompared = z.strictObject({
  total: count,
  added: z.null(),
  removed: z.null(),
  changed: z.null(),
  notCompared: z.string(),
})
const step = z.strictObject({ mark: z.enum(['$', '!']), where: z.string(), text: z.string() })
const steps = z.array(step)

const deployPlan = exactly<Said<ReturnType<typeof dryRunJson>>>()(
  z.strictObject({
    app: z.string(),
    stage: z.string(),
    release: z.string(),
    offline: z.boolean(),
    hosts: z.array(
      z.strictObject({
        name: z.string(),
        now: orNull,
        would: orNull,
        freeKb: count.nullable(),
        needsKb: z.number().nonnegative().nullable(),
        bytes: count.nullable(),
      }),
    ),
    origin: origin.nullable(),
    commits,
    takesAway: commits,
    files: z.union([compared, notCompared]).nullable(),
    steps,
    adopt: z.boolean(),
    problems: names,
    warnings: names,
    next: names,
  }),
)

const restartPlan = exactly<Said<ReturnType<typeof restartJson>>>()(
  z.strictObject({
    app: z.string(),
    stage: z.string(),
    release: z.string(),
    hosts: z.array(z.strictObject({ name: z.string(), would: z.enum(['restart', 'be asked for its health']) })),
    steps,
  }),
)

const rollbackPlan = z.strictObject({
  stage: z.string(),
  release: z.string(),
  digest: orNull,
  skipped: z.array(z.strictObject({ release: z.string(), why: z.string() })),
  hosts: z.array(
    z.strictObject({ name: z.string(), now: orNull, would: z.string(), drift: drift.nullable(), heals: z.boolean() }),
  ),
})

const repairPlan = z.strictObject({
  app: z.string(),
  stage: z.string(),
  decision: z.enum(['put back', 'bring', 'remake', 'sweep', 'nothing']),
  hosts: z.array(z.strictObject({ name: z.string(), now: orNull, would: z.string() })),
  drained: z.record(z.string(), z.string()).exactOptional(),
  store: z.string().exactOptional(),
  problems: names,
  next: names.exactOptional(),
})

const plans = {
  deploy: deployPlan,
  promote: deployPlan,
  rollback: rollbackPlan,
  restart: restartPlan,
  repair: repairPlan,
  join: repairPlan,
}

/** What a dry run says. */
function planned(command: Outcome['command']) {
  const how = { dryRun: z.literal(true), result: z.enum(['planned', 'problems']) }
  return z.strictObject({ ...head(command), ...how, ...plans[command].shape })
}

/** What a command says that changes what the fleet serves: an outcome, a refusal, or the plan of a dry run. */
export const transactions = {
  deploy: ends('deploy'),
  promote: ends('promote'),
  rollback: ends('rollback'),
  restart: ends('restart'),
  repair: ends('repair'),
  join: ends('join'),
}

function ends(command: Outcome['command']) {
  return z.union([ended(command), stopped(command), planned(command)])
}
