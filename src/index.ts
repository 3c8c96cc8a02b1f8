import type { Name } from './library/flags-of.js'
import type { DeployOptions, JoinOptions, RepairOptions, RollbackOptions, StatusOptions } from './library/options.js'
import type { Planned, StatusOutcome, TransactionOutcome } from './library/outcomes.js'
import { type Run, startRun } from './library/run.js'

export type {
  AmountInput,
  BakeCommandInput,
  BakeInput,
  BakeRequestInput,
  BalancerCommandInput,
  BalancerInput,
  CanaryCheckInput,
  CanaryInput,
  CheckLimits,
  CommandCheckInput,
  CommandInput,
  ConfigInput,
  Duration,
  HaproxyInput,
  HealthInput,
  HookLimits,
  HostInput,
  HostsInput,
  HttpCheckInput,
  LogsInput,
  NginxInput,
  NotifyInput,
  Pm2Input,
  PrepareCommandInput,
  PrepareInput,
  RestartInput,
  RolloutInput,
  SecretInput,
  SharedInput,
  SourceInput,
  SshInput,
  StageInput,
  SystemdInput,
  TcpCheckInput,
  TouchInput,
  WebhookUrlInput,
} from './config/input.js'
export { defineConfig } from './config/input.js'
export type { RunEnded, RunEvent, StepEnded } from './library/events.js'
export type {
  CommonOptions,
  DeployOptions,
  JoinOptions,
  RepairOptions,
  RollbackOptions,
  StatusOptions,
  TransactionOptions,
} from './library/options.js'
export type {
  HostReport,
  Planned,
  RefusalReport,
  StatusOutcome,
  StatusRefused,
  TransactionName,
  TransactionOutcome,
} from './library/outcomes.js'
export type { Run } from './library/run.js'

/** Builds once, pushes to all hosts, swaps all of them together, and puts all back if one fails. */
export function deploy(options?: DeployOptions & { readonly dryRun?: false }): Run<TransactionOutcome>
export function deploy(options: DeployOptions): Run<TransactionOutcome | Planned>
export function deploy(options: DeployOptions = {}): Run<TransactionOutcome | Planned> {
  return begin('deploy', options)
}

/** Takes the whole fleet back to the newest good release that every host has; needs `yes`, as it asks otherwise. */
export function rollback(options?: RollbackOptions & { readonly dryRun?: false }): Run<TransactionOutcome>
export function rollback(options: RollbackOptions): Run<TransactionOutcome | Planned>
export function rollback(options: RollbackOptions = {}): Run<TransactionOutcome | Planned> {
  return begin('rollback', options)
}

/** Ends what a dead run left, and brings every host to the fleet's release; safe to repeat. */
export function repair(options?: RepairOptions & { readonly dryRun?: false }): Run<TransactionOutcome>
export function repair(options: RepairOptions): Run<TransactionOutcome | Planned>
export function repair(options: RepairOptions = {}): Run<TransactionOutcome | Planned> {
  return begin('repair', options)
}

/** Gives new hosts the fleet's release, and the earlier ones to go back to; builds nothing. */
export function join(options?: JoinOptions & { readonly dryRun?: false }): Run<TransactionOutcome>
export function join(options: JoinOptions): Run<TransactionOutcome | Planned>
export function join(options: JoinOptions = {}): Run<TransactionOutcome | Planned> {
  return begin('join', options)
}

/** Reads every host and says what is true; changes nothing. */
export function status(options: StatusOptions = {}): Run<StatusOutcome> {
  return begin('status', options)
}

/** A configuration imports this file as well: what deploys is loaded when it is asked for. */
function begin<Outcome>(name: Name, options: object): Run<Outcome> {
  return startRun(async tell => {
    const { carryOut } = await import('./library/engine.js')
    return (await carryOut(name, options, tell, { cwd: process.cwd(), env: process.env })) as Outcome
  })
}
