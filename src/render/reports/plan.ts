import { isPromoted, type Origin, originText } from '../../release/origin.js'
import { escapeLine } from '../../text/escape.js'
import { counted } from '../../text/phrases.js'
import type { Propose } from '../../text/propose-command.js'
import { bytesText } from '../../text/units.js'
import type { Paint } from '../paint.js'
import { tableLines } from '../table.js'

/** What a deploy would do, found out without changing anything. */
export interface DryRunReport {
  readonly app: string
  readonly stage: string
  readonly release: string
  /** Whether the hosts were left alone: then nothing is known of them. */
  readonly offline: boolean
  readonly hosts: readonly DryRunHost[]
  /** Null: a commit or a folder is built for it. */
  readonly origin: Origin | null
  /** What is new since the release that runs, newest first; null when that cannot be told. */
  readonly commits: readonly DryRunCommit[] | null
  /** What runs and would be gone, newest first; null when that cannot be told. */
  readonly takesAway: readonly DryRunCommit[] | null
  readonly files: DryRunFiles | null
  readonly steps: readonly DryRunStep[]
  /** Whether a `deployTo` that was deployed as another app or stage is taken over. */
  readonly adopt: boolean
  /** What would stop the deploy: a sentence each. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  /** Commands that mend the problems. */
  readonly next: readonly string[]
}

interface DryRunCommit {
  readonly id: string
  readonly author: string
  readonly subject: string
}

/** Against the running release, or why it was not compared. */
type DryRunFiles = { readonly total: number } & (
  | { readonly added: number; readonly removed: number; readonly changed: number; readonly notCompared: null }
  | { readonly added: null; readonly removed: null; readonly changed: null; readonly notCompared: string }
)

interface DryRunHost {
  readonly name: string
  /** Releases; null: nothing, or not known. */
  readonly now: string | null
  readonly would: string | null
  readonly freeKb: number | null
  readonly needsKb: number | null
  /** That would be sent to it; null when that is not known yet. */
  readonly bytes: number | null
}

/** `$` ran and only read, `!` would run: here (`local`), on `each` host, on `one host`, or on a host by its name. */
export interface DryRunStep {
  readonly mark: '$' | '!'
  readonly where: string
  readonly text: string
}

/** The dry run for people. Ends with a newline. */
export function dryRunText(report: DryRunReport, paint: Paint, propose: Propose = text => text): string {
  const blocks = [
    [`${paint.strong(`${report.app} → ${report.stage}`)}   dry run, nothing will change`],
    hostLines(report),
    [...originLines(report), ...commitLines(report), ...fileLines(report)],
    stepLines(report.steps, paint),
    lastLines(report, paint, propose),
  ]
  return `${blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')}\n`
}

/** The same as `--json` prints it. */
export function dryRunJson(report: DryRunReport) {
  return { v: 1, command: isPromoted(report.origin) ? 'promote' : 'deploy', dryRun: true, ...report } as const
}

function hostLines(report: DryRunReport): string[] {
  if (report.offline) return [`  release ${report.release}; hosts were not contacted.`]
  const rows = report.hosts.map(host => [
    host.name,
    host.now ?? 'nothing',
    host.would ?? '?',
    kilobytes(host.freeKb),
    kilobytes(host.needsKb),
    host.bytes === null ? '?' : bytesText(host.bytes),
  ])
  return tableLines([['HOST', 'SERVES NOW', 'WOULD SERVE', 'FREE', 'NEEDS', 'TO SEND'], ...rows])
}

function kilobytes(kb: number | null): string {
  return kb === null ? '?' : bytesText(kb * 1024)
}

function originLines({ origin }: DryRunReport): string[] {
  return origin === null ? [] : [`  ${escapeLine(originText(origin))}`]
}

/** A warning tells what is taken away. */
function commitLines({ commits, takesAway }: DryRunReport): string[] {
  if (commits === null || (commits.length === 0 && takesAway?.length)) return []
  const told = commits.slice(0, 5).map(commit => `${commit.id.slice(0, 7)} ${escapeLine(commit.subject)}`)
  const more = commits.length > told.length ? [`${commits.length - told.length} more`] : []
  return [`  ${counted(commits.length, 'commit')}${told.length === 0 ? '' : ': '}${[...told, ...more].join(' · ')}`]
}

function fileLines({ files }: DryRunReport): string[] {
  if (files === null) return []
  const { total, added, removed, changed, notCompared } = files
  if (notCompared !== null) return [`  files: ${total}; ${notCompared}`]
  return [`  files: ${total}, +${added} −${removed} ~${changed} against the running release`]
}

function stepLines(steps: readonly DryRunStep[], paint: Paint): string[] {
  if (steps.length === 0) return []
  const width = Math.max(0, ...steps.map(step => step.where.length))
  const signs = { $: paint.dim('$'), '!': paint.warn('!') }
  const lines = steps.map(({ mark, where, text }) => `  ${signs[mark]} ${where.padEnd(width)}   ${escapeLine(text)}`)
  return [`  steps: ${signs.$} ran, ${signs['!']} would run`, ...lines]
}

function lastLines(report: DryRunReport, paint: Paint, propose: Propose): string[] {
  const warnings = report.warnings.map(text => `${paint.warn('!')} ${escapeLine(text)}`)
  const problems = report.problems.map(text => `${paint.bad('✖')} ${escapeLine(text)}`)
  const next = report.next.map(text => `  ${paint.accent(escapeLine(text))}`)
  if (problems.length > 0) return [...warnings, ...problems, ...next]
  const run = paint.accent(propose(`clonedeploy ${commandOf(report)}${report.adopt ? ' --adopt' : ''}`))
  return [...warnings, `${nothingNew(report) ? 'Nothing would change' : 'No problems found'}. Run it: ${run}`, ...next]
}

/** What was promoted in the dry run, although the other stage may go on meanwhile. */
function commandOf({ stage, origin }: DryRunReport): string {
  return isPromoted(origin) ? `promote ${stage} --from ${origin.stage} --release ${origin.release}` : `deploy ${stage}`
}

function nothingNew({ offline, adopt, hosts }: DryRunReport): boolean {
  return !offline && !adopt && hosts.length > 0 && hosts.every(host => host.now !== null && host.now === host.would)
}

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
