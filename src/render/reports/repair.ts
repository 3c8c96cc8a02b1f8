import type { Earlier } from '../../plan/join.js'
import { releaseIn } from '../../release/paths.js'
import { hasLeftovers, type Need, type RepairDecision } from '../../state/decide-repair.js'
import type { HostState } from '../../state/host-state.js'
import { currentRelease } from '../../state/releases.js'
import { escapeLine } from '../../text/escape.js'
import type { Propose } from '../../text/propose-command.js'
import { tableLines } from '../table.js'

/** What a repair or a join would do, found out without changing anything. */
interface RepairReport {
  readonly app: string
  readonly stage: string
  readonly decision: RepairDecision
  readonly states: readonly HostState[]
  /** Whether it would make the fleet's record its own. */
  readonly adopt: boolean
  /** Hosts that it would leave as they are, and why. */
  readonly beyond: ReadonlyMap<string, string>
  /** Hosts that it would put into service again, and where. */
  readonly drained: ReadonlyMap<string, string>
  /** What it would tell the store; null: nothing. */
  readonly store: string | null
  /** Hosts that are to join, and earlier releases that they would get; null in a repair. */
  readonly joining: readonly string[] | null
  readonly earlier: readonly Earlier[]
  /** Whose word is taken for what the fleet serves; null: nobody's alone. */
  readonly trusted: string | null
  /** What to type about a host that nobody bears out. */
  readonly next: readonly string[]
}

/** The dry run for people. Ends with a newline. */
export function repairText(report: RepairReport, propose: Propose = text => text): string {
  const rows = report.states.map(state => [state.name, currentRelease(state) ?? 'nothing', wouldDo(report, state)])
  const { command, flags } = commandOf(report)
  const beyond = [...report.beyond].map(([name, why]) => `✖ ${name}: ${escapeLine(why)}`)
  const drained = [...report.drained].map(([name, where]) => `  ${name} would be in service again: ${where}`)
  const lines = [
    `${report.app} → ${report.stage}   ${command}, dry run, nothing will change`,
    '',
    ...tableLines([['HOST', 'SERVES NOW', 'WOULD'], ...rows]),
    '',
    ...drained,
    ...(report.store === null ? [] : [`  ${report.store}`]),
    ...(report.adopt ? [`  every host would record that it is ${report.app}/${report.stage}`] : []),
    ...beyond,
    ...report.next.map(text => `  ${escapeLine(text)}`),
    ...lastLine(report, propose(`clonedeploy ${command} ${report.stage}${flags}`)),
  ]
  return `${lines.join('\n')}\n`
}

function lastLine(report: RepairReport, command: string): readonly string[] {
  if (!isNothing(report)) return [`Run it: ${command}`]
  if (report.next.length > 0) return []
  return [report.joining?.length === 0 ? 'No host is new: nothing to do.' : 'Nothing to do.']
}

/** The same as `--json` prints it. */
export function repairJson(report: RepairReport) {
  const { app, stage, decision, states, beyond, drained, store, next } = report
  return {
    v: 1,
    command: commandOf(report).command,
    dryRun: true,
    app,
    stage,
    decision: decision.kind,
    hosts: states.map(state => ({ name: state.name, now: currentRelease(state), would: wouldDo(report, state) })),
    ...(drained.size === 0 ? {} : { drained: Object.fromEntries(drained) }),
    ...(store === null ? {} : { store }),
    problems: [...beyond].map(([name, why]) => `${name}: ${why}`),
    ...(next.length === 0 ? {} : { next }),
  } as const
}

/** Whether the fleet is as it should be. */
export function isNothing({ decision, adopt, drained, earlier, store }: RepairReport): boolean {
  return decision.kind === 'nothing' && !adopt && drained.size === 0 && earlier.length === 0 && store === null
}

function commandOf({ joining, adopt, trusted }: RepairReport) {
  const flags = `${adopt ? ' --adopt' : ''}${trusted === null ? '' : ` --trust-host ${trusted}`}`
  if (joining === null) return { command: 'repair', flags }
  return { command: 'join', flags: `${joining.length === 0 ? '' : ` --host ${joining.join(',')}`}${flags}` }
}

function wouldDo({ decision, earlier }: RepairReport, state: HostState): string {
  const { name } = state
  const ids = earlier.filter(({ needs }) => needs.get(name) === 'push').map(({ release }) => release)
  const first = ids.length === 0 ? [] : [`get ${ids.join(' ')}`]
  const then = decided(decision, state)
  return (then === 'nothing' && ids.length > 0 ? first : [...first, then]).join(', ')
}

function decided(decision: RepairDecision, state: HostState): string {
  const { name } = state
  switch (decision.kind) {
    case 'put back': {
      const doubt = decision.doubts.get(name)
      if (doubt?.outcome === 'reverted') return `restart ${releaseIn(doubt.old) ?? 'nothing'}, which it is back on`
      return doubt === undefined ? 'nothing' : `go back to ${releaseIn(doubt.old) ?? 'nothing'}`
    }
    case 'bring':
      return words(decision.needs.get(name) ?? 'nothing', decision.release)
    case 'remake':
      return `get the files of ${decision.release} anew and serve them${decision.damaged.includes(name) ? ': its copy was changed' : ''}`
    case 'sweep':
      if (decision.remove.includes(name)) return `remove a damaged copy of ${decision.release}, get it again`
      return hasLeftovers(state) ? 'remove what a dead run left' : 'nothing'
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
