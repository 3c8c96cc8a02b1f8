import type { ExitCode } from '../../errors.js'
import type { HostPlan, Plan } from '../../plan/plan.js'
import type { DryRunStep } from '../../render/reports/plan.js'
import { type RestartReport, restartJson, restartText } from '../../render/reports/restart.js'
import { ownerStep } from '../../state/word/owner.js'
import type { Served } from '../context/balancers.js'
import type { Context } from '../context/context.js'
import type { TransactionFlags } from '../context/flags.js'
import type { Fleet } from '../context/survey.js'
import { tellPlan } from '../deploy/tell-plan.js'
import { adopts } from '../owner/owner.js'
import { batchSteps, canarySteps, drainSteps, inTurn } from '../rollout/rollout-steps.js'

/** Prints what a restart would do to the hosts as they were just read. */
export function restartDryRun(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  plan: Plan,
  served: Served,
): ExitCode {
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
      ...batchSteps(plan),
      ...drainSteps(plan, served, 'out of'),
      ...hostSteps(plan, inTurn(plan, served)),
      ...drainSteps(plan, served, 'back into'),
      ...canarySteps(plan, 'else the restart ends there'),
    ],
    run: `clonedeploy restart ${plan.stage}${chosen(flags)}${adopt ? ' --adopt' : ''}`,
  }
  const exitCode = flags.detailedExitcode ? 10 : 0
  return tellPlan(context, flags, exitCode, restartJson(report), restartText(report, context.paint, context.io.propose))
}

/** What hosts do alike is said once. */
function hostSteps({ hosts }: Plan, aside: string): readonly DryRunStep[] {
  const told = hosts.map(one => ({ where: one.host.name, steps: textsOf(one, aside) }))
  const alike = new Set(told.map(({ steps }) => steps.join('\n'))).size === 1
  const once = alike ? told.slice(0, 1).map(one => ({ ...one, where: 'each' })) : told
  return once.flatMap(({ where, steps }) => steps.map(text => ({ mark: '!', where, text })))
}

function textsOf({ restart, health }: HostPlan, aside: string): readonly string[] {
  return [
    ...restart.map(({ text }) => `${text}${aside}`),
    ...health.map(({ text }) => `${text}, else the restart ends there`),
  ]
}

function chosen({ only = [], except = [], role = [] }: TransactionFlags): string {
  const lists = { only, except, role }
  return Object.entries(lists)
    .map(([flag, names]) => (names.length === 0 ? '' : ` --${flag} ${names.join(',')}`))
    .join('')
}
