import type { Propose } from '../../text/propose.js'
import type { Paint } from '../paint.js'
import { tableLines } from '../table.js'
import { type DryRunStep, stepLines } from './plan.js'

/** What a restart would do, found out without changing anything. */
export interface RestartReport {
  readonly app: string
  readonly stage: string
  readonly release: string
  readonly hosts: readonly { readonly name: string; readonly would: 'restart' | 'be asked for its health' }[]
  readonly steps: readonly DryRunStep[]
  /** The command that does it. */
  readonly run: string
}

/** The dry run for people. Ends with a newline. */
export function restartText(report: RestartReport, paint: Paint, propose: Propose): string {
  const { app, stage, release, hosts, steps, run } = report
  const rows = hosts.map(({ name, would }) => [name, release, would])
  return `${[
    `${paint.strong(`${app} → ${stage}`)}   restart, dry run, nothing will change`,
    '',
    ...tableLines([['HOST', 'SERVES', 'WOULD'], ...rows]),
    '',
    ...stepLines(steps, paint),
    '',
    `No problems found. Run it: ${paint.accent(propose(run))}`,
  ].join('\n')}\n`
}

/** The same as `--json` prints it. */
export function restartJson({ app, stage, release, hosts, steps }: RestartReport) {
  return { v: 1, command: 'restart', dryRun: true, app, stage, release, hosts, steps } as const
}
