import type { Artifact } from '../../artifact/artifact.js'
import { skeletonBuilt } from '../../artifact/cache/builds.js'
import { marksOfWhole } from '../../artifact/cache/built-for.js'
import { type Frozen, recall } from '../../artifact/cache/store.js'
import { entriesOf } from '../../artifact/manifest/manifest.js'
import { artifactOf } from '../../artifact/pack.js'
import { writtenFor } from '../../artifact/payload/payload.js'
import { zipFor } from '../../artifact/payload/zip.js'
import { binariesIn } from '../../artifact/suspect-files.js'
import { MixedError, PreflightError } from '../../errors.js'
import type { Outcome } from '../../fleet/outcome.js'
import { datesOn } from '../../fleet/push/bases.js'
import { refetch } from '../../fleet/push/refetch.js'
import { putBack, sweep } from '../../fleet/transaction/under-lock.js'
import { vouchedRun } from '../../plan/app/release-run.js'
import { touchedFiles } from '../../plan/app/touched-files.js'
import { type BringIntent, planBring, planPutBack, planRecord, planRemake, planSweep } from '../../plan/repair.js'
import type { Intent } from '../../plan/transaction.js'
import { releaseId, timeAfter } from '../../release/id.js'
import { addedEntries } from '../../release/shared.js'
import type { Dates } from '../../scripts/read/file-times.js'
import type { RepairDecision } from '../../state/decide-repair.js'
import type { FleetRecord, HostState } from '../../state/host-state.js'
import { type Binary, platformProblems } from '../../state/platform.js'
import { type Problem, problemsOf } from '../../state/preflight.js'
import { commitIn, currentRelease, mostCommon } from '../../state/releases.js'
import type { Context } from '../context/context.js'
import type { TransactionFlags } from '../context/flags.js'
import { demandNone, type Fleet } from '../context/read-fleet.js'
import { courseBack, courseHome, courseOfRepair } from '../context/rollout.js'
import { keepRecord } from '../context/run-records.js'
import { carryOut, revealSecrets, signed, startRun } from '../context/transact.js'
import { withSkeleton } from '../deploy/build-release.js'
import { heldArtifact, runStore } from '../store/run-store.js'
import { modelOf, type RepairFacts } from './repair-facts.js'

type Bring = Extract<RepairDecision, { kind: 'bring' }>
type Remake = Extract<RepairDecision, { kind: 'remake' }>

/** Does what was decided; null: nothing that is served was touched. Throws LockedError, and MixedError when it cannot be done. */
export async function act(
  context: Context,
  flags: TransactionFlags,
  facts: RepairFacts,
  startedAt: number,
): Promise<Outcome | null> {
  const { fleet, decision } = facts
  switch (decision.kind) {
    case 'put back': {
      const [doubt] = decision.doubts.values()
      const stay = fleet.map(({ state }) => state.name).filter(name => !decision.doubts.has(name))
      const course = await courseBack(context, fleet, new Set(stay))
      const intent = await intentFor(context, flags, facts, doubt?.next ?? 'repair')
      const plan = planPutBack({ ...intent, rollout: course.rollout }, decision.doubts)
      const run = startRun(context, flags, fleet, plan, nothingToSend, course)
      return putBack(run, { startedAt, log: context.log.path() })
    }
    case 'bring':
      return bring(context, flags, facts, decision, startedAt)
    case 'remake':
      return remake(context, flags, facts, decision, startedAt)
    case 'sweep': {
      const release = decision.release ?? 'repair'
      const { record } = facts.heard
      if (decision.remove.length > 0 && record !== null) await sourceOf(context, facts, record)
      const course = await courseHome(context, fleet)
      const intent = await intentFor(context, flags, facts, release)
      const plan = planSweep({ ...intent, ...course }, decision.remove)
      const halt = await sweep(startRun(context, flags, fleet, plan, nothingToSend, course))
      if (halt !== null) throw new PreflightError(`What a dead run left could not be removed: ${halt.reason}.`)
      context.emit({
        type: 'note',
        level: 'info',
        host: null,
        text: 'removed what a dead run left',
      })
      return null
    }
    default:
      return null
  }
}

/** Records on the hosts that answer which ones were given up; what they serve stays as it is. */
export async function leaveOut(context: Context, flags: TransactionFlags, facts: RepairFacts): Promise<void> {
  const { record } = facts.heard
  const names = facts.given.map(({ host }) => host).join(', ')
  const tell = (text: string) => context.emit({ type: 'note', level: 'warning', host: null, text })
  if (record === null) return tell(`that ${names} is given up is not recorded: the fleet serves nothing yet`)
  const intent = { ...(await intentFor(context, flags, facts, record.release)), digest: record.digest }
  const plan = planRecord(intent, `record that ${names} is left out`)
  const halt = await sweep(startRun(context, flags, facts.fleet, plan, nothingToSend))
  if (halt !== null) throw new MixedError(`That ${names} is given up could not be recorded everywhere: ${halt.reason}.`)
  keepRecord(context, plan.record)
  tell(`${names} is given up and recorded as left out; when it is back: clonedeploy repair`)
}

async function bring(
  context: Context,
  flags: TransactionFlags,
  facts: RepairFacts,
  decision: Bring,
  startedAt: number,
): Promise<Outcome> {
  const { fleet } = facts
  const { release, needs } = decision
  const model = modelOf(facts, decision)
  const pushed = fleet.filter(({ state }) => needs.get(state.name) === 'push')
  const artifact = pushed.length === 0 ? null : await sourceOf(context, facts, decision)
  if (model === null) throw nowhere(release)
  const size = artifact === null ? undefined : writtenFor(null, artifact.manifest, [])
  const behind = fleet.filter(({ state }) => ['swap', 'push'].includes(needs.get(state.name) ?? ''))
  demandNone([
    ...behind.flatMap(({ state }) => problemsOf(undangled(state), needs.get(state.name) === 'push' ? size : undefined)),
    ...unfit(context, pushed, artifact),
  ])
  const stay = [...needs].filter(([, need]) => need === 'nothing' || need === 'deploy').map(([name]) => name)
  const course = await courseOfRepair(context, flags, fleet, new Set(stay))
  const intent = {
    ...(await bringIntent(context, flags, facts, model, artifact, decision)),
    rollout: course.rollout,
  }
  context.emit({
    type: 'run.release',
    release,
    previous: mostCommon(behind.map(({ state }) => currentRelease(state))),
    note: facts.command,
    revision: intent.revision,
    message: intent.reason,
    commits: null,
  })
  const zip = zipFor(pushed.map(({ state }) => state))
  const payload = artifact === null ? nothingToSend : () => artifact.payload(null, release, zip)
  const plan = planBring(intent)
  const store = await runStore(context, plan, () => heldArtifact(context, fleet, decision))
  const run = startRun(context, flags, fleet, plan, payload, { balancers: course.balancers, store })
  return carryOut(context, run, startedAt)
}

/** What stops a release that these hosts, which did not have it, could not run. */
export function unfit({ config }: Context, takers: Fleet, artifact: Artifact | null): readonly Problem[] {
  const states = takers.map(({ state }) => state)
  return platformProblems(states, artifact?.binaries ?? [], config.platform)
}

/** The same bytes on all hosts under a new id: what is served is never written into. */
async function remake(
  context: Context,
  flags: TransactionFlags,
  found: RepairFacts,
  decision: Remake,
  startedAt: number,
): Promise<Outcome> {
  const { fleet } = found
  // Where no copy is intact the bytes come from the cache, and the records still say what goes with them.
  const facts = modelOf(found, decision) === null ? { ...found, damaged: new Set<string>() } : found
  const model = modelOf(facts, decision)
  const artifact = await sourceOf(context, facts, decision)
  if (model === null) throw nowhere(decision.release)
  demandNone(fleet.flatMap(({ state }) => problemsOf(state, writtenFor(null, artifact.manifest, []))))
  const course = await courseOfRepair(context, flags, fleet, new Set())
  const needs = new Map(fleet.map(({ state }) => [state.name, 'push' as const]))
  const known = await bringIntent(context, flags, facts, model, artifact, { ...decision, needs, doubts: new Map() })
  const ids = fleet.map(({ state }) => state.releases.map(({ id }) => id))
  const release = releaseId(timeAfter(ids, context.io.now()), known.revision, artifact.digest)
  const record = facts.heard.record && { ...facts.heard.record, release }
  const text = `${decision.damaged.join(', ')}: ${decision.release} was changed there; all hosts get its files anew as ${release}`
  context.emit({ type: 'note', level: 'warning', host: null, text })
  const { revision, reason: message } = known
  context.emit({
    type: 'run.release',
    release,
    previous: decision.release,
    note: facts.command,
    revision,
    message,
    commits: null,
  })
  const plan = planRemake({ ...known, release, record, rollout: course.rollout }, decision.release)
  const zip = zipFor(fleet.map(({ state }) => state))
  const run = startRun(context, flags, fleet, plan, () => artifact.payload(null, release, zip), course)
  return carryOut(context, run, startedAt)
}

/** What is said of a release that is brought as `model` holds it; `artifact`: its bytes, null where nothing is pushed. */
export async function bringIntent(
  context: Context,
  flags: TransactionFlags,
  facts: RepairFacts,
  model: Model,
  artifact: Artifact | null,
  { release, digest, needs, doubts }: Pick<Bring, 'release' | 'digest' | 'needs' | 'doubts'>,
): Promise<BringIntent> {
  const intent = await intentFor(context, flags, facts, release)
  return {
    ...intent,
    config: artifact === null ? intent.config : withSkeleton(intent.config, artifact),
    digest,
    revision: commitIn(model.entry.revision),
    run: vouchedOf(facts, release),
    needs,
    doubts,
    model: model.entry,
    dates: artifact === null ? new Map() : await datesOf(model, release, artifact),
  }
}

/** The very bytes of the release: as they were kept here, or from a host that holds them intact. */
export async function sourceOf(
  context: Context,
  facts: Pick<RepairFacts, 'fleet' | 'damaged'>,
  what: Pick<FleetRecord, 'release' | 'digest'>,
): Promise<Artifact> {
  const { release } = what
  const model = modelOf(facts, what)
  if (model?.entry.digest == null) throw nowhere(release)
  const { digest, extra } = model.entry
  const { session, state } = model.from
  const kept =
    recall(context.cacheDir, digest) ??
    (await refetch(session, { root: state.root, release, digest }, context.cacheDir))
  if (kept === null) throw nowhere(release)
  const present = new Set(entriesOf(kept.manifest).map(({ path }) => path))
  const { shared } = context.config
  const { restart } = vouchedOf(facts, release) ?? context.config
  if (addedEntries(present, shared, touchedFiles({ restart, shared })) === extra)
    return artifactOf(kept, null, {
      skeleton: skeletonBuilt(context.cacheDir, digest),
      binaries: binariesOf(context, kept),
    })
  throw new SourceError(`The shared paths of the configuration are not those that ${release} was made with.`, {
    changed: 'nothing',
    next: ['fix: clonedeploy deploy --force'],
  })
}

function binariesOf({ config }: Context, kept: Frozen): readonly Binary[] {
  const marks = config.platform === 'ignore' ? null : marksOfWhole(kept)
  return marks === null ? [] : binariesIn(kept.manifest, marks)
}

function vouchedOf({ fleet }: Pick<RepairFacts, 'fleet'>, release: string) {
  return vouchedRun(
    fleet.map(({ state }) => state),
    release,
  )
}

/** A release of another tool has no manifest to go by. */
async function datesOf(model: Model, release: string, { manifest }: Artifact): Promise<Dates> {
  if (model.entry.digest === null) return new Map()
  return datesOn(model.from.session, { root: model.from.state.root, release, manifest })
}

type Model = NonNullable<ReturnType<typeof modelOf>>

/** The files of a release cannot be had: hosts that lack it stay as they are. */
export class SourceError extends MixedError {}

/** Whether this needs the files of the fleet's release. */
export function sends(decision: RepairDecision): boolean {
  if (decision.kind === 'bring') return [...decision.needs.values()].includes('push')
  return decision.kind === 'remake' || (decision.kind === 'sweep' && decision.remove.length > 0)
}

function nowhere(release: string): MixedError {
  return new SourceError(`No host holds ${release} as it was made, so it cannot be brought to the others.`, {
    changed: 'nothing',
    next: ['fix: clonedeploy deploy --force', 'or:  clonedeploy rollback'],
  })
}

/** What every run of a repair or a join says of itself. */
export async function intentFor(
  context: Context,
  flags: TransactionFlags,
  { command, fleet, given, heard }: Pick<RepairFacts, 'command' | 'fleet' | 'given' | 'heard'>,
  release: string,
): Promise<Intent> {
  return {
    ...signed(context, fleet, context.io.now()),
    record: heard.record,
    command,
    reason: flags.message ?? '',
    secrets: await revealSecrets(context),
    release,
    digest: null,
    revision: null,
    unresolved: 'keep',
    excluded: given,
  }
}

/** A link that leads nowhere is what a repair is for. */
function undangled(state: HostState): HostState {
  return state.current.kind === 'link' ? { ...state, current: { ...state.current, resolves: true } } : state
}

export function nothingToSend(): Promise<never> {
  return Promise.reject(new Error('this run sends no files'))
}
