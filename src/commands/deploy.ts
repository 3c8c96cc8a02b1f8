import type { Artifact, Revision } from '../artifact/artifact.js'
import { recall } from '../artifact/cache/store.js'
import { entriesOf, type Manifest } from '../artifact/manifest/manifest.js'
import { zipFor } from '../artifact/payload/zip.js'
import type { Config } from '../config/config.js'
import { UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { datesOn, readBases } from '../fleet/push/bases.js'
import { loginProblems } from '../fleet/read/login-problems.js'
import { once } from '../once.js'
import { touchedFiles, unsealedPaths } from '../plan/app/touched-files.js'
import { baseOf, type DeployIntent, planDeploy } from '../plan/deploy.js'
import { releaseId, timeAfter } from '../release/id.js'
import { type Origin, originText } from '../release/origin.js'
import { addedEntries } from '../release/shared.js'
import { memoryOf } from '../state/memory.js'
import { platformProblems } from '../state/platform.js'
import { newcomers, problemsOf } from '../state/preflight.js'
import { currentRelease, mostCommon } from '../state/releases.js'
import { unshared } from '../state/unshared-paths.js'
import { escapeLine } from '../text/escape.js'
import { capital, counted } from '../text/phrases.js'
import { askToGoOn } from './context/ask.js'
import { type Context, inContext } from './context/context.js'
import type { DeployFlags } from './context/flags.js'
import { excludedNow, withoutExcluded } from './context/hosts/excluded.js'
import { inventoryOf } from './context/hosts/inventory.js'
import { demandListed, recordOf } from './context/hosts/listed.js'
import type { Io } from './context/io.js'
import { withLockWait } from './context/lock-wait.js'
import { demandOurs } from './context/owner.js'
import { demandFree, demandNone, type Fleet, leave, orInterrupt, survey } from './context/read-fleet.js'
import { demandCourse } from './context/rollout.js'
import { revealSecrets, signed, tellStart, transact } from './context/transact.js'
import {
  type Builder,
  build,
  builderOf,
  needsFor,
  originOf,
  type Prepared,
  tidyCache,
  withSkeleton,
} from './deploy/build-release.js'
import { dryRun, offlineDryRun } from './deploy/dry-run.js'
import { packFirst } from './deploy/pack-first.js'
import { isUnchanged, tellUnchanged } from './deploy/unchanged.js'
import { changesWhileWaiting, historyOf } from './deploy/what-changes.js'
import { recordOwner } from './repair/record-owner.js'
import { demandStore } from './store/demand-store.js'
import { runStore, storedArtifact } from './store/run-store.js'

/** `clonedeploy deploy`: build once, push to all, swap all together, put all back if one fails. */
export async function deploy(io: Io, flags: DeployFlags): Promise<ExitCode> {
  return inContext(io, withoutExcluded(flags), context =>
    deployBuilt(context, flags, 'deploy', (config, over) => builderOf(context, config, flags, over)),
  )
}

/** Deploys what `builderFor` gives; the run is called `command`. */
export async function deployBuilt(
  context: Context,
  flags: DeployFlags,
  command: DeployIntent['command'],
  builderFor: (config: Config, over: AbortController) => Builder,
): Promise<ExitCode> {
  const startedAt = performance.now()
  const over = new AbortController()
  try {
    const config = withRef(context.config, flags.ref)
    tellStart(context, flags, command)
    if (flags.exclude !== undefined) {
      const text = `left out: ${flags.exclude.join(', ')} (${flags.reason}); it may serve old code until it rejoins`
      context.emit({ type: 'note', level: 'warning', host: null, text })
    }
    if (flags.offline && !flags.dryRun)
      throw new UsageError('--offline contacts no host, so it goes with --dry-run only.')
    const builder = builderFor(config, over)
    if (flags.offline) return offlineDryRun(context, flags, await build(context, builder))
    // A ref that there is not costs no connection.
    await orInterrupt(context, builder.pinned())
    // Without a command there is nothing to wait for, and nobody to show it to: the hosts are read meanwhile.
    if (config.build.length === 0) builder.artifact().catch(() => {})
    const built = once(() => build(context, builder))
    const changes = changesWhileWaiting()
    return await withLockWait(context, flags, quiet => deployTo(quiet, flags, command, built, changes, startedAt))
  } finally {
    over.abort()
  }
}

/** The fleet is read before commands build: a host that cannot take the release is found before minutes go into them. */
async function deployTo(
  context: Context,
  flags: DeployFlags,
  command: DeployIntent['command'],
  built: () => Promise<Artifact>,
  changes: ReturnType<typeof changesWhileWaiting>,
  startedAt: number,
): Promise<ExitCode> {
  const fleet = demandOurs(context, flags, await survey(context, true))
  try {
    const states = fleet.map(({ state }) => state)
    const changed = changes(states)
    demandFree(context, fleet)
    await demandStore(context, fleet, command)
    if (flags.dryRun) return await dryRun(context, flags, await prepare(context, flags, command, fleet, await built()))
    const gone = await demandListed(context, flags, recordOf(context, states))
    demandNone(states.flatMap(state => problemsOf(state)))
    demandNone(await loginProblems(context.config, fleet, context.concurrency))
    const course = await demandCourse(context, flags, fleet)
    const artifact = await built()
    if (isUnchanged(context, flags, fleet, artifact)) {
      await recordOwner(context, flags, fleet)
      return tellUnchanged(context, fleet, artifact.digest, startedAt, command, [...artifact.warnings, ...gone])
    }
    const [history, prepared] = await Promise.all([
      historyOf(context, states, artifact),
      prepare(context, flags, command, fleet, artifact),
    ])
    const memory = memoryOf(states, context.config.memory)
    const losses = [...memory.warnings, ...changed, ...history.warnings, ...unshared(states, context.config.shared)]
    for (const text of losses) context.emit({ type: 'note', level: 'warning', host: null, text })
    const needs = needsFor(prepared)
    const unfit = platformProblems(states, artifact.binaries, context.config.platform)
    demandNone([...states.flatMap(state => problemsOf(state, needs(state))), ...memory.problems, ...unfit])
    const intent = { ...prepared.intent, secrets: await revealSecrets(context), rollout: course.rollout }
    const { release } = intent
    context.emit({
      type: 'run.release',
      release,
      previous: mostCommon(states.map(currentRelease)),
      note: noteOf(artifact.revision, intent.origin),
      revision: intent.revision,
      message: intent.reason,
      commits: history.brings?.slice(0, mostCommits) ?? null,
    })
    if (context.config.protected)
      await askToGoOn(
        context,
        flags,
        [...losses.map(text => capital(escapeLine(text))), question(command, release, fleet, context.config)].join(
          '\n',
        ),
        'this stage is protected',
      )
    const plan = planDeploy(intent)
    await packFirst(context, plan, prepared.payload)
    const outcome = await transact(context, flags, fleet, plan, prepared.payload, startedAt, {
      balancers: course.balancers,
      inventory: inventoryOf(context, flags, intent.record ?? null),
      store: await runStore(context, plan, () => storedArtifact(artifact, release)),
      warnings: [...artifact.warnings, ...gone, ...losses, ...newcomers(states)],
    })
    if (outcome.exitCode === 0) tidyCache(context, fleet)
    return outcome.exitCode
  } finally {
    leave(fleet)
  }
}

/** More say little, and each reader of the events gets them all. */
const mostCommits = 100

function question(command: DeployIntent['command'], release: string, fleet: Fleet, { stage }: Config): string {
  return command === 'promote'
    ? `Promote to ${counted(fleet.length, 'host')} of ${stage}, as ${release}?`
    : `Deploy ${release} to ${counted(fleet.length, 'host')} of ${stage}?`
}

async function prepare(
  context: Context,
  flags: DeployFlags,
  command: DeployIntent['command'],
  fleet: Fleet,
  artifact: Artifact,
): Promise<Prepared> {
  const config = withSkeleton(context.config, artifact)
  const now = context.io.now()
  const bases = await readBases(fleet, digest => recall(context.cacheDir, digest)?.manifest ?? null)
  const usableBase = (digest: string) => bases.get(digest)?.lines[0] === artifact.manifest.lines[0]
  const present = new Set(entriesOf(artifact.manifest).map(({ path }) => path))
  const intent: DeployIntent = {
    ...signed(context, fleet, now),
    config,
    command,
    reason: flags.message ?? artifact.revision?.subject ?? '',
    secrets: {},
    release: releaseId(timeAfter(idsOn(fleet), now), artifact.revision?.commit ?? null, artifact.digest),
    digest: artifact.digest,
    revision: artifact.revision?.commit ?? null,
    origin: artifact.origin ?? originOf(config),
    unresolved: 'refuse',
    excluded: excludedNow(context, flags, now),
    reference: await referenceOf(fleet, artifact, bases, usableBase),
    usableBase,
    bake: flags.skipBake ? null : config.rollout.bake,
    same: config.same,
    extra: addedEntries(present, config.shared, touchedFiles(config)),
  }
  const zip = zipFor(fleet.map(({ state }) => state))
  const payload = (digest: string | null) =>
    artifact.payload(bases.get(digest ?? '') ?? null, intent.release, zip, unsealedPaths(config))
  return { fleet, artifact, bases, intent, payload }
}

/** Only where hosts do not all take their unchanged files from the same release. */
async function referenceOf(
  fleet: Fleet,
  { manifest }: Artifact,
  bases: ReadonlyMap<string, Manifest>,
  usableBase: DeployIntent['usableBase'],
): Promise<DeployIntent['reference']> {
  const found = fleet.map(({ session, state }) => ({ session, state, base: baseOf({ usableBase }, state) }))
  const release = mostCommon(found.map(({ base }) => base?.id ?? null))
  const model = found.find(({ base }) => base?.id === release)
  const from = model?.base ? bases.get(model.base.digest) : undefined
  if (release === null || model === undefined || from === undefined) return null
  if (found.every(({ base }) => base?.id === release)) return null
  return { release, dates: await datesOn(model.session, { root: model.state.root, release, manifest: from }, manifest) }
}

/** Every host's releases. */
function idsOn(fleet: Fleet): readonly (readonly string[])[] {
  return fleet.map(({ state }) => state.releases.map(({ id }) => id))
}

function noteOf(revision: Revision | null, origin: Origin | null): string {
  if (origin !== null) return originText(origin)
  if (revision === null) return 'folder'
  return `${revision.ref}, ${revision.dirty ? `${revision.dirty} uncommitted left out` : 'clean'}`
}

function withRef(config: Config, ref: string | undefined): Config {
  return ref === undefined || config.source.kind !== 'git' ? config : { ...config, source: { ...config.source, ref } }
}
