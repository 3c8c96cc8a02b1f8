import type { Artifact } from '../../artifact/artifact.js'
import { difference, entriesOf } from '../../artifact/manifest/manifest.js'
import type { Config } from '../../config/config.js'
import type { ExitCode } from '../../exit-code.js'
import { loginProblems } from '../../fleet/read/login-problems.js'
import { planDeploy } from '../../plan/deploy.js'
import { lackingOf } from '../../plan/fetchers.js'
import type { Plan } from '../../plan/plan.js'
import { takersOf } from '../../plan/relay.js'
import { type DryRunReport, type DryRunStep, dryRunJson, dryRunText } from '../../render/reports/plan.js'
import { planSteps } from '../../render/reports/plan-steps.js'
import { ownerStep } from '../../state/evidence/owner.js'
import type { HostState } from '../../state/host-state.js'
import { memoryOf } from '../../state/memory.js'
import { platformProblems } from '../../state/platform.js'
import { neededKb, newcomers, problemsOf, warningsOf } from '../../state/preflight.js'
import { currentEntry, currentRelease, mostCommon } from '../../state/releases.js'
import { unshared } from '../../state/unshared-paths.js'
import { astrayProblems, readBalancers } from '../context/balancers.js'
import type { Context } from '../context/context.js'
import type { DeployFlags } from '../context/flags.js'
import { goneTexts } from '../context/hosts/listed.js'
import { adopts } from '../context/owner.js'
import { planRollout, rolloutProblems } from '../context/rollout.js'
import { tellPlan } from '../context/transact.js'
import { buildLines, isUnbuilt, needsFor, originOf, type Prepared } from './build-release.js'
import { isUnchanged } from './unchanged.js'
import { historyOf } from './what-changes.js'

/** Prints what a deploy would do to the fleet as it was just read. The exit code is the one that the deploy would start with. */
export async function dryRun(context: Context, flags: DeployFlags, prepared: Prepared): Promise<ExitCode> {
  const { fleet, artifact, intent, payload } = prepared
  const served = await readBalancers(context, fleet)
  const rollout = planRollout(context, fleet, served, new Set())
  const plan = planDeploy('text' in rollout ? intent : { ...intent, rollout })
  const needs = needsFor(prepared)
  const nothing = isUnchanged(context, flags, fleet, artifact)
  const states = fleet.map(({ state }) => state)
  const memory = memoryOf(nothing ? [] : states, context.config.memory)
  const problems = [
    ...states.flatMap(state => problemsOf(state, nothing ? undefined : needs(state))),
    ...memory.problems,
    ...(nothing ? [] : platformProblems(states, artifact.binaries, context.config.platform)),
    ...(await loginProblems(context.config, fleet, context.concurrency)),
    ...served.problems,
    ...astrayProblems(served),
    ...rolloutProblems(rollout),
  ]
  const unknown = isUnbuilt(artifact)
  const adopt = adopts(context, flags, fleet)
  const history = await historyOf(context, states, artifact)
  const report: DryRunReport = {
    app: plan.app,
    stage: plan.stage,
    release: plan.release,
    offline: false,
    hosts: await Promise.all(
      states.map(async state => ({
        name: state.name,
        now: currentRelease(state),
        would: nothing ? currentRelease(state) : plan.release,
        freeKb: state.disk.freeKb,
        needsKb: unknown ? null : nothing ? 0 : neededKb(needs(state)),
        bytes: unknown ? null : nothing ? 0 : (await payload(currentEntry(state)?.digest ?? null)).data.length,
      })),
    ),
    origin: intent.origin,
    commits: history.brings,
    takesAway: history.takesAway,
    files: unknown ? null : filesOf(prepared),
    steps: [
      ...ran(prepared),
      ...(nothing
        ? []
        : [
            ...(await buildSteps(context, flags, artifact)),
            ...planSteps(plan, { prepare: unknown ? [] : await brought(context, plan, prepared) }),
          ]),
      ...(adopt ? [{ mark: '!', where: 'each', text: ownerStep(context.config) } as const] : []),
    ],
    adopt,
    problems: problems.map(({ host, text }) => `${host}: ${text}`),
    warnings: [
      ...artifact.warnings,
      ...(nothing ? [] : history.warnings),
      ...states.flatMap(warningsOf),
      ...memory.warnings,
      ...unshared(states, context.config.shared),
      ...goneTexts(context, states),
      ...newcomers(states).map(context.io.propose),
      ...plan.warnings,
    ],
    next: [...new Set(problems.flatMap(({ fix }) => (fix === null ? [] : [`fix: ${fix}`])))],
  }
  const changes = flags.detailedExitcode && (!nothing || adopt) ? 10 : 0
  return told(context, flags, report, problems.length > 0 ? 3 : changes)
}

/** The same without any host: configuration, build and pack only. */
export async function offlineDryRun(context: Context, flags: DeployFlags, artifact: Artifact): Promise<ExitCode> {
  const { config, hosts } = context
  const report: DryRunReport = {
    app: config.app,
    stage: config.stage,
    release: isUnbuilt(artifact) ? 'not built' : artifact.digest,
    offline: true,
    hosts: hosts.map(({ name }) => ({ name, now: null, would: null, freeKb: null, needsKb: null, bytes: null })),
    origin: originOf(config),
    commits: null,
    takesAway: null,
    files: null,
    steps: await buildSteps(context, flags, artifact),
    adopt: false,
    problems: [],
    warnings: [...artifact.warnings, ...unlisted(config)],
    next: [],
  }
  return told(context, flags, report, 0)
}

function unlisted({ hostsCommand }: Config): readonly string[] {
  return hostsCommand === null ? [] : [`the hosts are not known: offline, ${hostsCommand.command} is not run`]
}

function told(context: Context, flags: DeployFlags, found: DryRunReport, exitCode: ExitCode): ExitCode {
  const { io, paint } = context
  const report = { ...found, next: found.next.map(io.propose) }
  return tellPlan(context, flags, exitCode, dryRunJson(report), dryRunText(report, paint, io.propose))
}

function ran({ fleet }: Prepared): readonly DryRunStep[] {
  return fleet.map(({ session, state }) => {
    const { facts } = session.connection()
    return {
      mark: '$',
      where: state.name,
      text: `ssh ${facts.user}@${facts.address} — read ${state.root}: current, releases, lock, disk`,
    }
  })
}

async function buildSteps(context: Context, flags: DeployFlags, artifact: Artifact): Promise<readonly DryRunStep[]> {
  const lines = await buildLines(context, flags, artifact)
  return lines.map(text => ({ mark: flags.build ? '$' : '!', where: 'local', text }))
}

/** Who fetches the files from the store, and who hands them on to whom. */
async function brought({ config }: Context, plan: Plan, { payload }: Prepared): Promise<readonly DryRunStep[]> {
  const size = async (base: string | null) => (await payload(base)).data.length
  const hasAddresses = plan.stored !== null && config.store?.kind === 's3'
  const fetching = hasAddresses ? (await lackingOf(plan.hosts, size)).flatMap(one => one.fetching) : []
  const others = plan.hosts.filter(({ host }) => !fetching.includes(host.name))
  const where = others.length === 0 ? 'each' : fetching.join(', ')
  const fetched: DryRunStep = { mark: '!', where, text: `fetch the files from ${plan.stored?.store}` }
  return [...(fetching.length === 0 ? [] : [fetched]), ...(await relayed({ ...plan, hosts: others }, size))]
}

async function relayed(plan: Plan, size: (base: string | null) => Promise<number>): Promise<readonly DryRunStep[]> {
  const takers = await takersOf(plan, size)
  const seeds = [...new Set(takers.values())]
  return seeds.map(seed => {
    const count = [...takers.values()].filter(name => name === seed).length
    return { mark: '!', where: seed, text: `hand the files on to ${count} hosts, at port ${plan.relay?.port}` }
  })
}

function filesOf({ fleet, artifact, bases }: Prepared): DryRunReport['files'] {
  const files = entriesOf(artifact.manifest).filter(({ kind }) => kind === 'file')
  const states = fleet.map(({ state }) => state)
  const digest = mostCommon(states.map(state => currentEntry(state)?.digest ?? null))
  const base = digest === null ? undefined : bases.get(digest)
  if (base === undefined) return { total: files.length, ...notCompared(states, digest) }
  const before = new Set(entriesOf(base).flatMap(entry => (entry.kind === 'file' ? [entry.path] : [])))
  const now = new Set(files.map(({ path }) => path))
  const sent = difference(base, artifact.manifest).files
  return {
    total: files.length,
    added: sent.filter(({ path }) => !before.has(path)).length,
    changed: sent.filter(({ path }) => before.has(path)).length,
    removed: [...before].filter(path => !now.has(path)).length,
    notCompared: null,
  }
}

function notCompared(states: readonly HostState[], digest: string | null) {
  const counts = { added: null, removed: null, changed: null }
  if (states.every(({ current }) => current.kind === 'absent')) return { ...counts, notCompared: 'no release runs yet' }
  if (digest === null) return { ...counts, notCompared: 'the running release was made by another tool: not compared' }
  return { ...counts, notCompared: 'the record of the running release cannot be read: not compared' }
}
