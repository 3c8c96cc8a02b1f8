import { entriesOf } from '../build/manifest.js'
import { MixedError, PreflightError } from '../errors.js'
import { verifyOnAll } from '../fleet/damaged.js'
import { prepareOnly } from '../fleet/without-swap.js'
import { type Earlier, planEarlier } from '../plan/join.js'
import { problemsOf } from '../plan/preflight.js'
import type { Context } from './context.js'
import type { JoinFlags } from './flags.js'
import { needsOf } from './making.js'
import { datesOf, intentFor, sourceOf } from './repair-act.js'
import { modelOf, type Scene } from './repair-scene.js'
import { demandNone, orInterrupt } from './survey.js'
import { startRun } from './transact.js'

/** Brings an earlier release to the joining hosts; why it could not be, null when they hold it. Adds to the warnings. */
export async function bringEarlier(
  context: Context,
  flags: JoinFlags,
  scene: Scene,
  { release, digest, needs }: Earlier,
  joining: ReadonlySet<string>,
  warnings: string[],
): Promise<string | null> {
  const { fleet } = scene
  const others = fleet.filter(({ state }) => !joining.has(state.name))
  const { damaged, lost } = await orInterrupt(context, verifyOnAll(others, release, context.concurrency))
  if (damaged.size > 0) return `${[...damaged].join(', ')}: its copy was changed on the host`
  if (lost.size > 0) return `${[...lost].join(', ')}: the connection was lost`
  const model = modelOf({ ...scene, fleet: others, damaged }, release)
  if (model === null) return 'no host holds it as it was made'
  try {
    const artifact = await sourceOf(context, { ...scene, fleet: others, damaged }, release)
    const size = needsOf(entriesOf(artifact.manifest))
    demandNone(fleet.flatMap(({ state }) => (needs.get(state.name) === 'push' ? problemsOf(state, size) : [])))
    const { revision } = model.entry
    const plan = planEarlier({
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
    const halt = await prepareOnly(run)
    warnings.push(...run.warnings.map(text => `${release}: ${text}`))
    return halt?.reason ?? null
  } catch (error) {
    if (error instanceof MixedError || error instanceof PreflightError)
      return error.message.replace(/\.? Nothing was changed\.$/, '')
    throw error
  }
}
