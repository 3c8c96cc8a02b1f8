import { randomBytes } from 'node:crypto'
import type { Payload } from '../../artifact/artifact.js'
import { redactor, resolveSecrets } from '../../config/secrets/resolve-secrets.js'
import type { ExitCode } from '../../exit-code.js'
import type { RunBalancers } from '../../fleet/balancer/balancer-state.js'
import { goOnWithout, type Inventory } from '../../fleet/go-on-without.js'
import type { Outcome } from '../../fleet/outcome.js'
import type { RunStore } from '../../fleet/store/run-store.js'
import { execute } from '../../fleet/transaction/execute.js'
import { batchesOf, type HostRun, type Run } from '../../fleet/transaction/run.js'
import type { Plan } from '../../plan/plan.js'
import { vouched } from '../../state/evidence/vouched-record.js'
import { saysYes } from './ask.js'
import type { Context } from './context.js'
import type { CommonFlags, TransactionFlags } from './flags.js'
import { type Fleet, leave } from './read-fleet.js'
import { keepRecord, knownHere } from './run-records.js'
import { thisProcess } from './this-process.js'

/** 128 random bits that begin with the time, so that they sort roughly by age. */
export function newTransaction(now: Date): string {
  return `${now.getTime().toString(16).padStart(12, '0')}${randomBytes(16).toString('hex')}`
}

/** What a lock says of its holder. A lock that a person takes (`lock`) names no process: it outlives this one. */
export function holderText(
  { who, from }: Context,
  { tx, command, reason = '', now }: { tx: string; command: string; reason?: string | undefined; now: Date },
): string {
  const process = command === 'lock' ? {} : { process: thisProcess() }
  return JSON.stringify({ tx, who, from, command, reason, since: now.toISOString(), ...process })
}

/** What every transaction says of itself: which it is, who does it and when, and what was found on its hosts. */
export function signed(context: Context, fleet: Fleet, now: Date) {
  return {
    config: context.config,
    hosts: fleet.map(({ session, state }) => ({ host: session.host, state })),
    tx: newTransaction(now),
    who: context.who,
    from: context.from,
    process: thisProcess(),
    at: now.toISOString(),
    times: context.io.times,
    store: context.store.name,
    record: vouched(
      fleet.map(({ state }) => state),
      knownHere(context),
    ).record,
  }
}

/** The secrets' values for hooks; from here on they are hidden in everything that is told. */
export async function revealSecrets(context: Context): Promise<Readonly<Record<string, string>>> {
  const secrets = await resolveSecrets(context.config, context.io.env)
  if (secrets.size > 0) context.hide(redactor(secrets))
  return Object.fromEntries([...secrets].map(([name, secret]) => [name, secret.reveal()]))
}

/** Says that a run begins. */
export function tellStart(
  { config, hosts, emit, who, from }: Context,
  { dryRun }: TransactionFlags,
  command: Outcome['command'],
): void {
  emit({
    type: 'run.start',
    command: dryRun ? `${command} --dry-run` : command,
    app: config.app,
    stage: config.stage,
    by: who,
    from,
    hosts: hosts.map(({ name }) => name),
  })
}

/** What else a run has to do with. */
interface Around {
  readonly balancers?: RunBalancers | null
  readonly store?: RunStore | null
  /** Who may say in the middle of the run that a host is gone; null, or absent: nobody. */
  readonly inventory?: Inventory | null
}

/** Carries out a plan, and ends the run with its outcome. */
export async function transact(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  plan: Plan,
  payload: (baseDigest: string | null) => Promise<Payload>,
  startedAt: number,
  { warnings = [], ...around }: Around & { readonly warnings?: readonly string[] } = {},
): Promise<Outcome> {
  const run = startRun(context, flags, fleet, plan, payload, around)
  run.warnings.push(...warnings)
  const outcome = await carryOut(context, run, startedAt)
  for (const { host, roundTrips, bytes } of fleet.map(({ session }) => session))
    context.emit({ type: 'traffic', host: host.name, roundTrips: roundTrips(), bytes: bytes() })
  const { user, system } = process.cpuUsage()
  const cpuMs = Math.round((user + system) / 1000)
  context.emit({ type: 'budget', ms: Math.round(performance.now()), cpuMs })
  context.emit({ type: 'run.end', outcome })
  leave(fleet)
  return outcome
}

/** Executes a run; what hosts have confirmed of it is known here from then on. */
export async function carryOut(context: Context, run: Run, startedAt: number): Promise<Outcome> {
  const outcome = await execute(run, { startedAt, log: context.log.path() })
  if (run.hosts.some(({ confirmed }) => confirmed)) keepRecord(context, run.plan.record)
  return outcome
}

/** A run of a plan on the sessions of its hosts, in the plan's order. */
export function startRun(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  plan: Plan,
  payload: (baseDigest: string | null) => Promise<Payload>,
  { balancers = null, store = null, inventory = null }: Around = {},
): Run {
  context.log.name(plan.release)
  const hosts = plan.hosts.map((host, i) => startHost(host, (fleet[i] as Fleet[number]).session))
  return {
    plan,
    hosts,
    batches: batchesOf(plan, hosts),
    gone: [],
    without: inventory === null ? null : (within, phase, failed) => goOnWithout(within, inventory, phase, failed),
    emit: context.emit,
    stop: context.io.stop,
    concurrency: context.concurrency,
    payload,
    keepOnFailure: flags.rollback === false,
    ask: question => (flags.yes ? Promise.resolve(true) : askWhile(context, question)),
    balancers,
    store,
    warnings: [...plan.warnings],
    swaps: [],
    swapWindowMs: null,
    switches: [],
    switchWindowMs: null,
  }
}

/** A wish to stop takes the question away: that is a no. */
function askWhile({ asking, io }: Context, question: string): Promise<boolean> {
  const over = new AbortController()
  io.stop.asked.then(() => over.abort())
  return asking(() => saysYes(question, over.signal))
}

function startHost(plan: Plan['hosts'][number], session: HostRun['session']): HostRun {
  return {
    name: plan.host.name,
    plan,
    session,
    armed: null,
    sentAhead: null,
    locked: false,
    swapBegun: false,
    current: { kind: 'known', target: plan.old },
    heard: 0,
    confirmed: false,
    warmed: false,
    flipped: false,
    healthy: null,
    tree: null,
    failure: null,
    gone: null,
    out: null,
  }
}

/** Ends a dry run: with its report on stdout, for people or as JSON, and as the last line of a stream. */
export function tellPlan(
  { config, emit, io, streams }: Context,
  { json = false }: CommonFlags,
  exitCode: ExitCode,
  plan: object,
  text: string,
): ExitCode {
  const result = exitCode === 0 || exitCode === 10 ? 'planned' : 'problems'
  const report = { ...plan, result, exitCode, stage: config.stage }
  emit({ type: 'run.planned', report })
  if (!streams) io.output.stdout(json ? `${JSON.stringify(report)}\n` : text)
  return exitCode
}
