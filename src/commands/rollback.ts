import type { ExitCode } from '../exit-code.js'
import { loginProblems } from '../fleet/read/login-problems.js'
import { chooseRollback, planRollback, type RollbackChoice } from '../plan/rollback.js'
import { heldText } from '../render/reports/drift.js'
import { tableLines } from '../render/table.js'
import { memoryOf } from '../state/memory.js'
import { problemsOf } from '../state/preflight.js'
import { commitIn, currentRelease, mostCommon } from '../state/releases.js'
import { counted } from '../text/phrases.js'
import { askToGoOn } from './context/ask.js'
import { type Context, inContext } from './context/context.js'
import type { RollbackFlags } from './context/flags.js'
import { excludedNow, withoutExcluded } from './context/hosts/excluded.js'
import { inventoryOf } from './context/hosts/inventory.js'
import { demandListed, recordOf } from './context/hosts/listed.js'
import type { Io } from './context/io.js'
import { withLockWait } from './context/lock-wait.js'
import { demandOurs } from './context/owner.js'
import { demandFree, demandNone, type Fleet, leave, survey } from './context/read-fleet.js'
import { demandCourse, demandPossible } from './context/rollout.js'
import { revealSecrets, signed, tellPlan, tellStart, transact } from './context/transact.js'
import { tellUnchanged } from './deploy/unchanged.js'
import { recordOwner } from './repair/record-owner.js'
import { demandHeld, driftOf, type Found, readRelease } from './rollback/held-release.js'
import { demandStore } from './store/demand-store.js'
import { heldArtifact, runStore } from './store/run-store.js'

/** `clonedeploy rollback`: the whole fleet to one earlier release that every host has, verified, by the same transaction. */
export async function rollback(io: Io, flags: RollbackFlags): Promise<ExitCode> {
  return inContext(io, withoutExcluded(flags), async context => {
    const startedAt = performance.now()
    tellStart(context, flags, 'rollback')
    return await withLockWait(context, flags, quiet => rollBack(quiet, flags, startedAt))
  })
}

async function rollBack(context: Context, flags: RollbackFlags, startedAt: number): Promise<ExitCode> {
  const fleet = demandOurs(context, flags, await survey(context, true))
  try {
    demandFree(context, fleet)
    await demandStore(context, fleet, 'rollback')
    const states = fleet.map(({ state }) => state)
    const gone = await demandListed(context, flags, recordOf(context, states))
    demandNone(states.flatMap(state => problemsOf(state)))
    demandNone(await loginProblems(context.config, fleet, context.concurrency))
    const serves = mostCommon(states.map(currentRelease))
    const choice = chooseRollback(states, serves, flags.to ?? null, context.config.identical)
    if (!flags.force && states.every(state => currentRelease(state) === choice.release)) {
      if (flags.dryRun !== true) await recordOwner(context, flags, fleet)
      return tellUnchanged(context, fleet, choice.digest, startedAt, 'rollback', gone)
    }
    // An undo is not refused by an estimate.
    for (const text of memoryOf(states, 'warn').warnings)
      context.emit({ type: 'note', level: 'warning', host: null, text })
    const found = await readRelease(context, fleet, choice.release)
    show(context, fleet, choice, found)
    await demandHeld(context, flags, fleet, choice.release, found)
    if (flags.dryRun) {
      await demandPossible(context, fleet)
      return tellPlan(context, flags, flags.detailedExitcode ? 10 : 0, dryRunJson(fleet, choice, found), '')
    }
    const course = await demandCourse(context, flags, fleet)
    await askToGoOn(
      context,
      flags,
      `Roll ${counted(fleet.length, 'host')} back to ${choice.release}?`,
      'rollback needs a decision',
    )
    const now = context.io.now()
    const plan = planRollback({
      ...signed(context, fleet, now),
      command: 'rollback',
      reason: flags.message ?? '',
      secrets: await revealSecrets(context),
      release: choice.release,
      digest: choice.digest,
      revision: choice.revision,
      unresolved: 'refuse',
      excluded: excludedNow(context, flags, now),
      rollout: course.rollout,
      contents: found.healing.contents,
      accepted: flags.acceptDrift ? found.healing.beyond : null,
    })
    for (const name of found.healing.beyond) {
      const text = `${choice.release} is taken as it is: ${driftOf(found.held, name)}`
      context.emit({ type: 'note', level: 'warning', host: name, text })
    }
    context.emit({
      type: 'run.release',
      release: choice.release,
      previous: serves,
      note: 'rollback',
      revision: commitIn(choice.revision),
      message: flags.message ?? '',
      commits: null,
    })
    const payload = () => Promise.reject(new Error('a rollback sends no files'))
    const outcome = await transact(context, flags, fleet, plan, payload, startedAt, {
      balancers: course.balancers,
      inventory: inventoryOf(context, flags, recordOf(context, states)),
      store: await runStore(context, plan, () => heldArtifact(context, fleet, choice)),
      warnings: flags.store === false && context.config.store !== null ? [...gone, untold] : gone,
    })
    return outcome.exitCode
  } finally {
    leave(fleet)
  }
}

const untold = 'the store was told nothing: it names what was served before; when it is back: clonedeploy repair'

function dryRunJson(fleet: Fleet, { release, digest, skipped }: RollbackChoice, { held, healing }: Found) {
  const hosts = fleet.map(({ state }) => ({
    name: state.name,
    now: currentRelease(state),
    would: release,
    drift: held.get(state.name)?.drift ?? null,
    heals: healing.contents.has(state.name),
  }))
  return { v: 1, command: 'rollback', dryRun: true, release, digest, skipped, hosts }
}

function show({ io }: Context, fleet: Fleet, choice: RollbackChoice, { held, healing }: Found): void {
  const rows = fleet.map(({ state }) => {
    const one = held.get(state.name)
    const disk = one === undefined ? '?' : heldText(one.drift, healing.contents.has(state.name))
    return [state.name, currentRelease(state) ?? 'nothing', choice.release, disk]
  })
  const skipped = choice.skipped.map(({ release, why }) => `  skipped: ${release} (${why})`)
  const lines = [
    ...tableLines([['HOST', 'FROM', 'TO', 'ON DISK'], ...rows]),
    ...skipped,
    '  not rolled back: database, shared/ files, secrets',
  ]
  io.output.stderr(`${lines.join('\n')}\n`)
}
