import { UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { loginProblems } from '../fleet/read/login-problems.js'
import { restartAll } from '../fleet/transaction/restart.js'
import { onHost } from '../plan/app/variables.js'
import type { Plan } from '../plan/plan.js'
import { demandOne, planRestart } from '../plan/restart.js'
import { type RestartReport, restartJson, restartText } from '../render/reports/plan.js'
import { planSteps } from '../render/reports/plan-steps.js'
import { ownerStep } from '../state/evidence/owner.js'
import { counted } from '../text/phrases.js'
import { askToGoOn } from './context/ask.js'
import { type Context, inContext, namedHosts } from './context/context.js'
import type { TransactionFlags } from './context/flags.js'
import type { Io } from './context/io.js'
import { withLockWait } from './context/lock-wait.js'
import { adopts, demandOurs } from './context/owner.js'
import { demandFree, demandNone, type Fleet, leave, survey } from './context/read-fleet.js'
import { courseOfRestart, demandPossible } from './context/rollout.js'
import { revealSecrets, signed, startRun, tellPlan, tellStart } from './context/transact.js'
import { recordOwner } from './repair/record-owner.js'
import { nothingToSend } from './repair/repair-act.js'

/** `clonedeploy restart`: the app again, as `rollout` says, on all hosts or some; what they serve stays the same. */
export async function restart(io: Io, flags: TransactionFlags): Promise<ExitCode> {
  return inContext(io, flags, async context => {
    const startedAt = performance.now()
    const { config, hosts } = context
    tellStart(context, flags, 'restart')
    if (hosts.every(host => onHost(config.restart, host).length === 0))
      throw new UsageError('The configuration does not say how to restart: it has no `restart` for these hosts.')
    return await withLockWait(context, flags, quiet => restartFleet(quiet, flags, startedAt))
  })
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
      const rollout = await demandPossible(context, fleet, true)
      return restartDryRun(context, flags, fleet, planRestart({ ...intent, secrets: {}, rollout }))
    }
    const course = await courseOfRestart(context, flags, fleet)
    if (config.protected)
      await askToGoOn(
        context,
        flags,
        `Restart ${counted(fleet.length, 'host')} of ${config.stage}?`,
        'this stage is protected',
      )
    const plan = planRestart({ ...intent, secrets: await revealSecrets(context), rollout: course.rollout })
    await recordOwner(context, flags, fleet)
    const run = startRun(context, flags, fleet, plan, nothingToSend, course)
    const outcome = await restartAll(run, { startedAt, log: context.log.path() })
    emit({ type: 'run.end', outcome })
    return outcome.exitCode
  } finally {
    leave(fleet)
  }
}

/** Prints what a restart would do to the hosts as they were just read. */
function restartDryRun(context: Context, flags: TransactionFlags, fleet: Fleet, plan: Plan): ExitCode {
  const adopt = adopts(context, flags, fleet)
  const report: RestartReport = {
    app: plan.app,
    stage: plan.stage,
    release: plan.release,
    hosts: plan.hosts.map(({ host, restart }) => ({
      name: host.name,
      would: restart.length === 0 ? 'be asked for its health' : 'restart',
    })),
    steps: [
      ...(adopt ? [{ mark: '!', where: 'each', text: ownerStep(context.config) } as const] : []),
      ...planSteps(plan),
    ],
    run: `clonedeploy restart ${plan.stage}${chosen(context, flags)}${adopt ? ' --adopt' : ''}`,
  }
  const exitCode = flags.detailedExitcode ? 10 : 0
  return tellPlan(context, flags, exitCode, restartJson(report), restartText(report, context.paint, context.io.propose))
}

function chosen({ config }: Context, flags: TransactionFlags): string {
  const { only = [], except = [], role = [] } = flags
  const lists = { only: [...only, ...namedHosts(flags, config)], except, role }
  return Object.entries(lists)
    .map(([flag, names]) => (names.length === 0 ? '' : ` --${flag} ${names.join(',')}`))
    .join('')
}
