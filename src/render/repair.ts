import type { HostState } from '../inventory/state.js'
import type { Need, RepairDecision } from '../plan/repair.js'
import { currentRelease } from '../plan/transaction.js'
import { escapeLine } from './escape.js'
import { tableLines } from './table.js'

/** What a repair would do, found out without changing anything. */
export interface RepairReport {
  readonly app: string
  readonly stage: string
  readonly decision: RepairDecision
  readonly states: readonly HostState[]
  /** Hosts that it would leave as they are, and why. */
  readonly beyond: ReadonlyMap<string, string>
  /** Hosts that it would put into service again, and where. */
  readonly drained: ReadonlyMap<string, string>
}

/** The dry run for people. Ends with a newline. */
export function repairText(report: RepairReport): string {
  const rows = report.states.map(state => [
    state.name,
    currentRelease(state) ?? 'nothing',
    wouldDo(report.decision, state),
  ])
  const beyond = [...report.beyond].map(([name, why]) => `✖ ${name}: ${escapeLine(why)}`)
  const drained = [...report.drained].map(([name, where]) => `  ${name} would be in service again: ${where}`)
  const lines = [
    `${report.app} → ${report.stage}   repair, dry run, nothing will change`,
    '',
    ...tableLines([['HOST', 'SERVES NOW', 'WOULD'], ...rows]),
    '',
    ...drained,
    ...beyond,
    report.decision.kind === 'nothing' && drained.length === 0
      ? 'Nothing to do.'
      : `Run it: clonedeploy repair ${report.stage}`,
  ]
  return `${lines.join('\n')}\n`
}

/** The same as `--json` prints it. */
export function repairJson({ app, stage, decision, states, beyond, drained }: RepairReport) {
  return {
    v: 1,
    command: 'repair',
    dryRun: true,
    app,
    stage,
    decision: decision.kind,
    hosts: states.map(state => ({ name: state.name, now: currentRelease(state), would: wouldDo(decision, state) })),
    ...(drained.size === 0 ? {} : { drained: Object.fromEntries(drained) }),
    problems: [...beyond].map(([name, why]) => `${name}: ${why}`),
  } as const
}

function wouldDo(decision: RepairDecision, { name }: HostState): string {
  switch (decision.kind) {
    case 'put back': {
      const doubt = decision.doubts.get(name)
      if (doubt?.outcome === 'reverted')
        return `restart ${doubt.old?.replace(/^releases\//, '') ?? 'nothing'}, which it is back on`
      return doubt === undefined ? 'nothing' : `go back to ${doubt.old?.replace(/^releases\//, '') ?? 'nothing'}`
    }
    case 'bring':
      return words(decision.needs.get(name) ?? 'nothing', decision.release)
    case 'sweep':
      return decision.remove.includes(name)
        ? `remove a damaged copy of ${decision.release}, get it again`
        : 'remove what a dead run left'
    default:
      return 'nothing'
  }
}

function words(need: Need, release: string): string {
  switch (need) {
    case 'swap':
      return `serve ${release}, which it holds`
    case 'push':
    case 'replace':
      return `get ${release} and serve it`
    case 'deploy':
    case 'nothing':
      return 'nothing'
  }
}
