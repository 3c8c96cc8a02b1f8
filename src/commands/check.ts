import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { grouped } from '../fleet/read/connect.js'
import { loginProblems, sessionsFor } from '../fleet/read/login-problems.js'
import { readRuntime } from '../fleet/read/runtime.js'
import type { Session } from '../fleet/session.js'
import { runtimeSteps } from '../plan/app/runtime.js'
import { warms } from '../plan/app/warm.js'
import { type CheckedHost, type CheckProblem, checkText } from '../render/reports/check.js'
import { jsonReport } from '../render/reports/report-json.js'
import { facts, parseFacts } from '../scripts/read/facts.js'
import { runtimeTexts } from '../state/answers/runtime.js'
import { disown, ownedByOthers } from '../state/evidence/owner.js'
import type { HostState } from '../state/host-state.js'
import { lockProblems } from '../state/lock-problems.js'
import { memoryOf } from '../state/memory.js'
import { unlikeTexts } from '../state/platform.js'
import { newcomers, problemsOf, warningsOf } from '../state/preflight.js'
import { unshared } from '../state/unshared-paths.js'
import type { Propose } from '../text/propose-command.js'
import { checkStore } from './check/checked-store.js'
import { astrayProblems, readBalancers } from './context/balancers.js'
import { type Context, inContext } from './context/context.js'
import type { CommonFlags } from './context/flags.js'
import { goneTexts } from './context/hosts/listed.js'
import type { Io } from './context/io.js'
import { sourceWarnings } from './deploy/build-release.js'
import { untold } from './notify/webhooks.js'
import { readFleet } from './status.js'

/** `clonedeploy check`: connects to every host, changes nothing, and reports everything that would stop a deploy: exit 3. */
export async function check(io: Io, flags: CommonFlags): Promise<ExitCode> {
  return inContext(io, flags, async context => {
    const { app, stage, memory: short } = context.config
    const { fleet, read, unreached } = await readFleet(context, sessionsFor(context.config), host =>
      warms(context.config, host),
    )
    const hosts = await onEach(read, context.concurrency, ({ session, state }) => checked(context, session, state))
    const memory = memoryOf(
      read.map(({ state }) => state),
      short,
    )
    const known = new Set(unreached.map(({ name }) => name))
    const unread = fleet.hosts.flatMap(({ name, state, error }) =>
      state === null && !known.has(name) ? [{ host: name, text: error ?? 'no answer', fix: null }] : [],
    )
    const [served, stored] = await Promise.all([readBalancers(context, read, context.hosts), checkStore(context)])
    const problems: readonly CheckProblem[] = [
      ...unreached.map(({ name, error }) => ({
        ...{ host: name, text: error.message, fix: error.next.at(-1) ?? null },
        ...{ details: error.details, next: error.next },
      })),
      ...unread,
      ...ownedByOthers(
        read.map(({ state }) => state),
        context.config,
      ).map(one => ({ ...one, fix: disown('deploy') })),
      ...read.flatMap(({ state }) => problemsOf(state, least)),
      ...memory.problems,
      ...lockProblems(read.map(({ state }) => state)),
      ...(await loginProblems(context.config, read, context.concurrency)),
      ...served.problems,
      ...astrayProblems(served),
      ...stored.problems,
    ]
    const warnings = [
      ...(await sourceWarnings(context)),
      ...read.flatMap(({ state }) => warningsOf(state)),
      ...memory.warnings,
      ...newcomers(read.map(({ state }) => state)).map(io.propose),
      ...unlikeTexts(read.map(({ state }) => state)),
      ...runtimeTexts(hosts),
      ...goneTexts(
        context,
        read.map(({ state }) => state),
      ),
      ...unshared(
        read.map(({ state }) => state),
        context.config.shared,
      ),
      ...hosts.flatMap(clockWarning),
      ...untold(context.webhooks),
    ]
    const withPorts = hosts.map(host => {
      const ports = served.ports.get(host.name)
      return ports === undefined ? host : { ...host, ports }
    })
    const complete = problems.map(one => proposing(one, io.propose))
    const store = stored.store
    const report = { app, stage, hosts: withPorts, store, problems: complete, warnings }
    const exitCode = problems.length === 0 ? 0 : 3
    const ended = { command: 'check', result: exitCode === 0 ? 'done' : 'problems', exitCode, stage }
    const told = {
      ...report,
      unreached: [
        ...grouped(unreached).map(one => ({ ...one, next: one.next.map(io.propose) })),
        ...stored.problems.map(({ text, ...one }) => ({ ...one, message: text })),
      ],
      problems: complete.filter(one => !('details' in one)),
    }
    io.output.stdout(flags.json ? jsonReport(ended, report) : checkText(told, context.paint))
    return exitCode
  })
}

/** What every release needs, whatever is in it. */
const least = { bytes: 0, entries: 1, inodes: 1 }

/** The problem with complete commands. */
function proposing(problem: CheckProblem, propose: Propose): CheckProblem {
  const { fix, next } = problem
  return {
    ...problem,
    fix: fix === null ? null : propose(fix),
    ...(next === undefined ? {} : { next: next.map(propose) }),
  }
}

async function checked({ config }: Context, session: Session, state: HostState): Promise<CheckedHost> {
  const asked = Date.now()
  const result = await session.run(facts(), { timeout: 20_000 })
  const more = result.code === 0 ? parseFacts(result.stdout) : null
  const runtime = await readRuntime(session, runtimeSteps(config, session.host, state))
  const { facts: login, rtt } = session.connection()
  return {
    name: state.name,
    address: `${login.user}@${login.address}:${login.port}`,
    hostKey: login.hostKey === null ? '' : `${login.hostKey.type} ${login.hostKey.fingerprint}`,
    auth: login.auth,
    transport: login.transport,
    why: login.why ?? null,
    shell: state.shell,
    deployTo: state.root,
    freeBytes: state.disk.freeKb * 1024,
    freeInodes: state.disk.freeInodes,
    mount: state.disk.mount,
    clockOffset: more?.now == null ? null : offset(more.now, more.exact, (asked + rtt() / 2) / 1000),
    roundTripMs: Math.round(rtt() * 10) / 10,
    tools: state.tools,
    tar: more?.tar ?? null,
    syncsOne: more?.syncsOne ?? null,
    ...(runtime.length === 0 ? {} : { runtime }),
  }
}

/** Seconds that the host's clock is ahead of ours, to a tenth where it can be told. */
function offset(now: number, exact: boolean, ours: number): number {
  return exact ? Math.round((now - ours) * 10) / 10 + 0 : Math.round(now + 0.5 - ours) + 0
}

function clockWarning({ name, clockOffset }: CheckedHost): string[] {
  if (clockOffset === null || Math.abs(clockOffset) < 30) return []
  return [`${name}: its clock is ${Math.abs(clockOffset)} s ${clockOffset > 0 ? 'ahead of' : 'behind'} ours`]
}
