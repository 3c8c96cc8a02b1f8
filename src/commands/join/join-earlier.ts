import { writtenFor } from '../../artifact/payload/payload.js'
import { zipFor } from '../../artifact/payload/zip.js'
import { MixedError, PreflightError } from '../../errors.js'
import { readOnAll } from '../../fleet/read/verify-held-release.js'
import { sweep } from '../../fleet/transaction/under-lock.js'
import { type Earlier, planEarlier } from '../../plan/join.js'
import { problemsOf } from '../../state/preflight.js'
import type { Context } from '../context/context.js'
import type { JoinFlags } from '../context/flags.js'
import { demandNone, orInterrupt } from '../context/read-fleet.js'
import { startRun } from '../context/transact.js'
import { bringIntent, sourceOf, unfit } from '../repair/repair-act.js'
import { modelOf, type RepairFacts } from '../repair/repair-facts.js'

/** Brings an earlier release to the joining hosts; why it could not be, null when they hold it. Adds to the warnings. */
export async function bringEarlier(
  context: Context,
  flags: JoinFlags,
  facts: RepairFacts,
  earlier: Earlier,
  joining: ReadonlySet<string>,
  warnings: string[],
): Promise<string | null> {
  const { fleet } = facts
  const { release } = earlier
  const others = fleet.filter(({ state }) => !joining.has(state.name))
  const { config, concurrency } = context
  const reading = readOnAll(config, others, release, { concurrency, read: 'all' })
  const { damaged, lost } = await orInterrupt(context, reading)
  if (lost.size > 0) return `${[...lost].join(', ')}: the connection was lost`
  const whole = { ...facts, fleet: others, damaged }
  const model = modelOf(whole, earlier)
  if (model === null) return `${[...damaged].join(', ')}: its copy was changed on the host, and no other holds it`
  const needs = withoutDamaged(earlier.needs, damaged)
  try {
    const artifact = await sourceOf(context, whole, earlier)
    const size = writtenFor(null, artifact.manifest, [])
    const takers = fleet.filter(({ state }) => needs.get(state.name) === 'push')
    demandNone([...takers.flatMap(({ state }) => problemsOf(state, size)), ...unfit(context, takers, artifact)])
    const what = { ...earlier, needs, doubts: new Map() }
    const plan = planEarlier(await bringIntent(context, flags, facts, model, artifact, what))
    context.emit({ type: 'note', level: 'info', host: null, text: `an earlier release: ${release}` })
    const zip = zipFor(fleet.map(({ state }) => state))
    const run = startRun(context, flags, fleet, plan, () => artifact.payload(null, release, zip))
    const halt = await sweep(run)
    warnings.push(...run.warnings.map(text => `${release}: ${text}`))
    return halt?.reason ?? null
  } catch (error) {
    if (error instanceof MixedError || error instanceof PreflightError) return error.message.replace(/\.$/, '')
    throw error
  }
}

/** Who holds a damaged copy need not show that it is whole: a rollback makes it so. */
function withoutDamaged(needs: Earlier['needs'], damaged: ReadonlySet<string>): Earlier['needs'] {
  return new Map([...needs].map(([name, need]) => [name, damaged.has(name) ? 'deploy' : need]))
}
