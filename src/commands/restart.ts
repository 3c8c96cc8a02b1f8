import { type ExitCode, UsageError } from '../errors.js'
import { loginProblems } from '../fleet/read/login-problems.js'
import { restartAll } from '../fleet/transaction/restart.js'
import { demandOne, planRestart } from '../plan/restart.js'
import { onHost } from '../plan/run/on-host.js'
import { askToGoOn } from './context/ask.js'
import { type Context, openContext } from './context/context.js'
import type { TransactionFlags } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandFree, demandNone, leave, survey } from './context/survey.js'
import { revealSecrets, signed, startRun, withLockWait } from './context/transact.js'
import { demandOurs } from './owner/owner.js'
import { recordOwner } from './owner/record-owner.js'
import { nothingToSend } from './repair/repair-act.js'
import { restartDryRun } from './restart/restart-dry-run.js'
import { demandPossible, demandWay } from './rollout/rollout.js'

/** `clonedeploy restart`: the app again, as `rollout` says, on all hosts or some; what they serve stays the same. */
export async function restart(io: Io, flags: TransactionFlags): Promise<ExitCode> {
  const context = await openContext(io, flags)
  const startedAt = performance.now()
  try {
    const { config, hosts, emit } = context
    const { app, stage } = config
    const command = flags.dryRun ? 'restart --dry-run' : 'restart'
    emit({ type: 'run.start', command, app, stage, hosts: hosts.map(({ name }) => name) })
    if (hosts.every(host => onHost(config.restart, host).length === 0))
      throw new UsageError('The configuration does not say how to restart: it has no `restart` for these hosts.')
    return await withLockWait(context, flags, () => restartFleet(context, flags, startedAt))
  } finally {
    await context.close()
  }
}

async function restartFleet(context: Context, flags: TransactionFlags, startedAt: number): Promise<ExitCode> {
  const { config, concurrency, emit, io } = context
  const fleet = demandOurs(context, flags, await survey(context))
  try {
    demandFree(context, fleet)
    const served = demandOne(fleet.map(({ state }) => state))
    demandNone(await loginProblems(config, fleet, concurrency))
    const intent = {
      ...signed(context, fleet, io.now()),
      ...served,
      command: 'restart',
      reason: flags.message ?? '',
      unresolved: 'refuse',
    } as const
    if (flags.dryRun) {
      const { rollout, served: balancers } = await demandPossible(context, fleet)
      return restartDryRun(context, flags, fleet, planRestart({ ...intent, secrets: {}, rollout }), balancers)
    }
    const way = await demandWay(context, flags, fleet)
    if (config.protected)
      await askToGoOn(context, flags, `Restart ${fleet.length} hosts of ${config.stage}?`, 'this stage is protected')
    const plan = planRestart({ ...intent, secrets: await revealSecrets(context), rollout: way.rollout })
    await recordOwner(context, flags, fleet)
    const run = startRun(context, flags, fleet, plan, nothingToSend, way.service)
    const outcome = await restartAll(run, { startedAt, log: context.log.path() })
    emit({ type: 'run.end', outcome })
    return outcome.exitCode
  } finally {
    leave(fleet)
  }
}
