import { UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { askOnce } from '../fleet/health/health.js'
import { readProcesses } from '../fleet/health/processes.js'
import { reach, type Unreached } from '../fleet/read/connect.js'
import { type Inspected, inspectAll } from '../fleet/read/inspect.js'
import { readRuntime } from '../fleet/read/runtime.js'
import { readHeld } from '../fleet/read/verify-held-release.js'
import type { Session } from '../fleet/session.js'
import type { Host } from '../inventory/host.js'
import { processStep } from '../plan/app/processes.js'
import { runtimeSteps } from '../plan/app/runtime.js'
import { onHost } from '../plan/app/variables.js'
import { verifyStep } from '../plan/held-steps.js'
import { healthSteps, oddRunsOf } from '../plan/transaction.js'
import { statusText } from '../render/reports/status.js'
import type { Living } from '../scripts/read/processes.js'
import { assess, type Probe } from '../state/assess-fleet.js'
import type { FleetState, HostState } from '../state/host-state.js'
import { noDrift } from '../state/release-drift.js'
import { currentEntry, currentRelease } from '../state/releases.js'
import type { StatusReport } from '../state/status-report.js'
import type { Propose } from '../text/propose-command.js'
import { inService, noteByHand, readBalancers } from './context/balancers.js'
import { type Context, inContext } from './context/context.js'
import type { CommonFlags } from './context/flags.js'
import type { Io } from './context/io.js'
import { endsKnown, type Fleet, orInterrupt } from './context/read-fleet.js'
import { knownHere } from './context/run-records.js'
import { readEarlier, withEarlier } from './status/earlier-releases.js'
import { readStore, withStore } from './store/store-report.js'

interface StatusFlags extends CommonFlags {
  readonly verify?: boolean
  /** Also the releases that a rollback could go to. */
  readonly all?: boolean
}

/** `clonedeploy status`: reads every host and says what is true. Exit 6 unless all serve the same, by the records and healthy. */
export async function status(io: Io, flags: StatusFlags): Promise<ExitCode> {
  if (flags.all && !flags.verify) throw new UsageError('--all goes with --verify: it says which releases are read.')
  return inContext(io, flags, async context => {
    const { fleet, read } = await readFleet(context)
    const hosts = read.map(({ session, state }) => ({ host: session.host, state }))
    for (const text of oddRunsOf({ config: context.config, secrets: {}, hosts }))
      context.emit({ type: 'note', level: 'warning', host: null, text })
    const probes = await orInterrupt(
      context,
      onEach(
        read,
        context.concurrency,
        async ({ session, state }) =>
          [state.name, await probe(context, session, state, flags.verify ?? false)] as const,
      ),
    )
    const [served, stored] = await Promise.all([readBalancers(context, read, context.hosts), readStore(context)])
    noteByHand(context, served)
    const service = inService(served)
    const { app, stage } = context.config
    const inventory = context.config.hosts.map(({ name }) => name)
    const found = assess(app, stage, fleet, new Map(probes), service, knownHere(context), inventory)
    const states = read.map(({ state }) => state)
    const whole = stored === null ? found : withStore(found, context.store.name ?? '', stored, states)
    const report = proposing(flags.all ? withEarlier(whole, await readEarlier(context, read)) : whole, io.propose)
    io.onAnswer(report)
    io.output.stdout(
      flags.json ? `${JSON.stringify(report)}\n` : statusText(report, context.paint, io.now(), io.propose),
    )
    return report.exitCode
  })
}

/** The report with complete commands. */
function proposing(report: StatusReport, propose: Propose): StatusReport {
  const hosts = report.hosts.map(host => ({ ...host, next: host.next === null ? null : propose(host.next) }))
  return { ...report, hosts, next: report.next.map(propose) }
}

/** Every host's state, or why there is none: what cannot be read does not stop the reading of the others. */
export async function readFleet(
  context: Context,
  sessionsWanted = 1,
  warms?: (host: Host) => boolean,
): Promise<{
  readonly fleet: FleetState
  readonly read: Fleet
  readonly unreached: readonly Unreached[]
}> {
  const { concurrency, config, emit } = context
  context.io.contacted()
  const reached = await orInterrupt(
    context,
    reach(context.hosts, context.connect, { concurrency, timeout: config.ssh.connectTimeout, emit }),
  )
  const sessions = reached.flatMap(({ session }) => (session === null ? [] : [session]))
  const inspected = await orInterrupt(
    context,
    inspectAll(sessions, config.shared.files, concurrency, sessionsWanted, warms),
  )
  const of = (name: string): Inspected | undefined => inspected.find(({ session }) => session.host.name === name)
  const read = endsKnown(inspected.flatMap(one => (one.state === null ? [] : [{ ...one, state: one.state }])))
  const fleet = {
    hosts: reached.map(({ host, error }) => ({
      name: host.name,
      state: read.find(({ state }) => state.name === host.name)?.state ?? null,
      error: error?.message ?? of(host.name)?.error ?? null,
    })),
  }
  return {
    fleet,
    read,
    unreached: reached.flatMap(({ host, error }) => (error === null ? [] : [{ name: host.name, error }])),
  }
}

async function probe(context: Context, session: Session, state: HostState, verify: boolean): Promise<Probe> {
  const steps = healthSteps(context.config, {}, session.host, state)
  const [answers, runtime] = await Promise.all([
    Promise.all(steps.map(step => askOnce(session, step, Math.min(step.check.tryTimeout, longest)))),
    readRuntime(session, runtimeSteps(context.config, session.host, state)),
  ])
  const failing = answers.find(({ ok }) => !ok)
  const first = failing ?? answers[0]
  const asked = processStep(context.config, session.host, state, currentRelease(state) ?? '')
  const living = (await readProcesses(session, asked)) ?? []
  return {
    served: answers.find(({ served }) => served !== null)?.served ?? null,
    health: first === undefined ? 'none' : first.ok ? 'ok' : 'failing',
    healthNote: first?.note ?? '',
    processes: oldOnes(living, currentRelease(state)),
    oldProcesses: asked.old,
    restarts: onHost(context.config.restart, session.host).length > 0,
    drift: verify ? await readDrift(context, session, state) : null,
    ...(runtime.length === 0 ? {} : { runtime }),
  }
}

/** How the release that a host serves differs from what was sealed, every file read; null when it has no seal. */
async function readDrift({ config }: Context, session: Session, state: HostState): Promise<Probe['drift']> {
  const entry = currentEntry(state)
  if (entry === null || entry.digest === null) return null
  const held = await readHeld(session, verifyStep(config, session.host, state, entry.id, 'all'))
  return held?.drift ?? { ...noDrift, missing: ['(the release could not be read)'] }
}

/** Milliseconds for one answer, whatever a host has recorded of how it is asked. */
const longest = 60_000

/** Those that serve something else than the host holds; each with the name of its program, never its arguments. */
function oldOnes(living: readonly Living[], holds: string | null): Probe['processes'] {
  const old = living.filter(({ kind, release }) => kind === 'app' && release !== holds)
  return old.map(({ pid, name, release }) => ({ pid, name, release }))
}
