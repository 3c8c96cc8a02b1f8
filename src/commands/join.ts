import { entriesOf } from '../build/manifest.js'
import { type ExitCode, MixedError, PreflightError, Refusal, UsageError } from '../errors.js'
import type { Outcome } from '../fleet/outcome.js'
import { hold } from '../fleet/sweep.js'
import { selectHosts } from '../inventory/select.js'
import type { HostState } from '../inventory/state.js'
import { targetOf } from '../plan/assess.js'
import { type Earlier, earlierFor, othersToMend, planHold } from '../plan/join.js'
import { newestRecord } from '../plan/newest-record.js'
import { problemsOf } from '../plan/preflight.js'
import { isNothing, repairJson, repairText } from '../render/repair.js'
import { askToGoOn } from './ask.js'
import { type Context, openContext } from './context.js'
import type { JoinFlags } from './flags.js'
import type { Io } from './io.js'
import { needsOf } from './making.js'
import { demandDecision, repairFleet } from './repair.js'
import { datesOf, intentFor, sourceOf } from './repair-act.js'
import { modelOf, readScene, type Scene } from './repair-scene.js'
import { demandNone, leave } from './survey.js'
import { startRun, withLockWait } from './transact.js'

/** `clonedeploy join`: hosts get the releases that the others could go back to, then the fleet's own, and serve that. */
export async function join(io: Io, flags: JoinFlags): Promise<ExitCode> {
  if (flags.exclude !== undefined)
    throw new UsageError('join looks at all hosts: --exclude goes with deploy and rollback.')
  if (flags.host === undefined) throw new UsageError('join needs --host HOST: which hosts are to join.')
  const context = await openContext(io, flags)
  const startedAt = performance.now()
  try {
    const { config, hosts, emit } = context
    const joining = new Set(selectHosts(config.hosts, { only: flags.host }).map(({ name }) => name))
    const command = flags.dryRun ? 'join --dry-run' : 'join'
    emit({ type: 'run.start', command, app: config.app, stage: config.stage, hosts: hosts.map(({ name }) => name) })
    if (flags.dryRun) return await withLockWait(context, flags, () => dryRun(context, flags, joining))
    const names = [...joining].join(', ')
    if (config.protected)
      await askToGoOn(context, flags, `Let ${names} join ${config.stage}?`, 'this stage is protected')
    const outcome = await withLockWait(context, flags, () => joinFleet(context, flags, joining, startedAt))
    emit({ type: 'run.end', outcome })
    return outcome.exitCode
  } finally {
    await context.close()
  }
}

/** What can be gone back to comes first: a host that serves the fleet's release never keeps the fleet from going back. */
async function joinFleet(
  context: Context,
  flags: JoinFlags,
  joining: ReadonlySet<string>,
  startedAt: number,
): Promise<Outcome> {
  const { scene, target, earlier } = await lookAt(context, joining)
  const brought: Earlier[] = []
  const warnings: string[] = []
  context.log.name(target)
  try {
    for (const one of earlier) {
      if (context.io.stop.reason() !== null) break
      const why = await bringEarlier(context, flags, scene, one, warnings)
      if (why === null) brought.push(one)
      else warnings.push(`${one.release} was not brought, so the fleet cannot go back to it: ${why}`)
    }
  } finally {
    leave(scene.fleet)
  }
  const names = [...joining].join(', ')
  const outcome = await repairFleet(context, flags, startedAt, 'join').catch(error => {
    throw brought.length === 0 ? error : withWhatWasBrought(error, names, brought.length)
  })
  const isNew = outcome.result === 'unchanged' && brought.length > 0
  return {
    ...outcome,
    ...(isNew ? { result: 'deployed', seconds: Math.round((performance.now() - startedAt) / 100) / 10 } : {}),
    joined: { hosts: [...joining], earlier: brought.map(({ release }) => release) },
    warnings: [...warnings, ...outcome.warnings],
  }
}

/** A refusal that came when the hosts had got something already. */
function withWhatWasBrought(error: unknown, names: string, count: number): unknown {
  if (!(error instanceof Refusal)) return error
  const now = `${names} got ${count} earlier ${count === 1 ? 'release' : 'releases'}; what is served was not changed.`
  error.message = error.message.replace('Nothing was changed.', now)
  return error
}

async function dryRun(context: Context, flags: JoinFlags, joining: ReadonlySet<string>): Promise<ExitCode> {
  const { scene, earlier } = await lookAt(context, joining)
  leave(scene.fleet)
  const report = {
    app: context.config.app,
    stage: context.config.stage,
    decision: scene.decision,
    states: scene.fleet.map(({ state }) => state),
    beyond: scene.beyond,
    drained: new Map(),
    joining: [...joining],
    earlier,
  }
  context.io.output.stdout(flags.json ? `${JSON.stringify(repairJson(report))}\n` : repairText(report))
  if (scene.beyond.size > 0) return 6
  return flags.detailedExitcode && !isNothing(report) ? 10 : 0
}

/** Reads the fleet, and what the joining hosts lack of it. Throws where they cannot join it as it is; nothing is changed. */
async function lookAt(
  context: Context,
  joining: ReadonlySet<string>,
): Promise<{ readonly scene: Scene; readonly target: string; readonly earlier: readonly Earlier[] }> {
  const scene = await readScene(context, { command: 'join' })
  try {
    demandDecision(scene)
    const states = scene.fleet.map(({ state }) => state)
    demandRead(scene, joining)
    const target = targetOf(states.filter(({ name }) => !joining.has(name)))
    if (target === null)
      throw new PreflightError('The other hosts serve no release that could be joined. Nothing was changed.', {
        next: ['instead: clonedeploy deploy'],
      })
    demandSame(states, target)
    demandWhole(scene, joining)
    return { scene, target, earlier: earlierFor(states, joining, target, context.config.keepReleases) }
  } catch (error) {
    leave(scene.fleet)
    throw error
  }
}

function demandRead({ fleet, beyond }: Scene, joining: ReadonlySet<string>): void {
  const lost = [...joining].filter(name => !fleet.some(({ state }) => state.name === name))
  if (lost.length === 0) return
  throw new PreflightError(`${lost.join(', ')} could not be read. Nothing was changed.`, {
    details: lost.map(name => `${name}  ${beyond.get(name) ?? 'no answer'}`),
    next: ['look: clonedeploy check'],
  })
}

/** A host that comes from another fleet may bring a record of that along, which must not become this one's. */
function demandSame(states: readonly HostState[], target: string): void {
  const newest = newestRecord(states)
  if (targetOf(states) === target || newest === null) return
  const odd = states.filter(({ fleet }) => fleet?.seq === newest.seq && fleet.release === newest.release)
  throw new MixedError(
    `${odd.map(({ name }) => name).join(', ')} says that the fleet serves ${newest.release}; the others serve ${target}. Nothing was changed.`,
    { next: odd.map(({ name, root }) => `if it was in another fleet: rm ${root}/.clonedeploy/fleet     (on ${name})`) },
  )
}

/** Only the hosts that are named shall change. */
function demandWhole({ decision }: Scene, joining: ReadonlySet<string>): void {
  const others = othersToMend(decision, joining)
  if (others.length === 0) return
  throw new MixedError(`The fleet is not whole without that: ${others.join(', ')}. Nothing was changed.`, {
    next: ['look: clonedeploy status', 'first: clonedeploy repair'],
  })
}

/** Why the release could not be brought; null when the joining hosts hold it. Adds to the warnings. */
async function bringEarlier(
  context: Context,
  flags: JoinFlags,
  scene: Scene,
  { release, digest, needs }: Earlier,
  warnings: string[],
): Promise<string | null> {
  const model = modelOf(scene, release)
  if (model === null) return 'no host holds it as it was made'
  const { fleet } = scene
  try {
    const artifact = await sourceOf(context, scene, release)
    const size = needsOf(entriesOf(artifact.manifest))
    demandNone(fleet.flatMap(({ state }) => (needs.get(state.name) === 'push' ? problemsOf(state, size) : [])))
    const { revision } = model.entry
    const plan = planHold({
      ...(await intentFor(context, flags, scene, release)),
      digest,
      revision: revision?.startsWith('sha256:') ? null : revision,
      needs,
      doubts: new Map(),
      model: model.entry,
      dates: await datesOf(model, release, artifact),
    })
    context.emit({ type: 'note', level: 'info', host: null, text: `an earlier release: ${release}` })
    const run = startRun(context, flags, fleet, plan, () => artifact.payload(null, release))
    const halt = await hold(run)
    warnings.push(...run.warnings.map(text => `${release}: ${text}`))
    return halt?.reason ?? null
  } catch (error) {
    if (error instanceof MixedError || error instanceof PreflightError) return withoutEnd(error.message)
    throw error
  }
}

function withoutEnd(message: string): string {
  return message.replace(/\.? Nothing was changed\.$/, '')
}
