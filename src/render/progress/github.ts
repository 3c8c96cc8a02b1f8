import { appendFileSync } from 'node:fs'
import type { Event } from '../../fleet/events.js'
import type { HostOutcome, Outcome } from '../../fleet/outcome.js'
import { isReleaseId } from '../../release/id.js'
import { durationText } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { bytesText } from '../../text/units.js'
import type { Output } from '../output.js'
import { noPaint, type Paint } from '../paint.js'
import { failureSentences } from '../reports/outcome.js'
import { plainRenderer } from './plain.js'
import { headerLines, phaseHeading, plainLines } from './plain-lines.js'
import type { Renderer, Settings } from './renderer.js'

/** Plain lines in GitHub's way: a group for each phase, one error, the step's summary and its outputs. */
export function githubRenderer(output: Output, paint: Paint, settings: Settings): Renderer {
  let title: string | null = null
  let grouped = false
  const linesOf: typeof plainLines = (event, progress, telling) => {
    if (event.type !== 'phase.start' || telling.verbosity === 'quiet') return plainLines(event, progress, telling)
    title = phaseHeading(event, progress, { ...telling, paint: noPaint })
    return headerLines(progress, paint)
  }
  const plain = plainRenderer({ ...output, stderr: text => output.stderr(defused(text)) }, paint, settings, linesOf)

  const open = () => {
    if (title !== null) output.stderr(groupCommand(title))
    grouped = title !== null
  }
  const close = () => {
    if (grouped) output.stderr(endGroupCommand)
    grouped = false
  }
  const event = (event: Event) => {
    if (event.type === 'phase.start' || event.type === 'run.end') close()
    if (event.type === 'run.end') finish(event.outcome, output, settings.env)
    plain.event(event)
    if (event.type === 'phase.start') open()
    if (event.type === 'phase.end') close()
  }
  const end = () => {
    close()
    plain.end()
  }
  return { event, end }
}

function finish(outcome: Outcome, output: Output, env: Settings['env']): void {
  if (outcome.exitCode !== 0) {
    output.stderr(errorCommand('clonedeploy', failureSentences(outcome).join(': ')))
  }
  const { release, result, previous } = outcome
  append(env.GITHUB_STEP_SUMMARY, summaryText(outcome), output)
  append(env.GITHUB_OUTPUT, outputLines({ release: idOf(release), result, previous: idOf(previous) }), output)
}

/** What another step may put into a shell: a link of a host can lead to anything. */
function idOf(release: string | null): string {
  return release !== null && isReleaseId(release) ? release : ''
}

/** A summary that cannot be written is no reason to fail a deploy. */
function append(path: string | undefined, text: string, output: Output): void {
  if (path === undefined || path === '') return
  try {
    appendFileSync(path, text)
  } catch (error) {
    output.stderr(defused(`      ! cannot write ${path}: ${error instanceof Error ? error.message : String(error)}\n`))
  }
}

/** A workflow command that marks the step as failed. */
export function errorCommand(title: string, message: string): string {
  return `::error title=${escapeProperty(title)}::${escapeData(message)}\n`
}

function groupCommand(title: string): string {
  return `::group::${escapeData(title)}\n`
}

const endGroupCommand = '::endgroup::\n'

/**
 * Text that the runner takes for text: it obeys lines that begin with `::`, and `##[…]` anywhere in a line
 * (actions/runner, ActionCommand.cs).
 */
export function defused(text: string): string {
  return text.replaceAll('##[', '# #[').replace(/^(\s*):(?=:)/gm, '$1: ')
}

/** Lines of $GITHUB_OUTPUT; no value can bring a line of its own. */
export function outputLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${escapeLine(value)}\n`)
    .join('')
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** The outcome as Markdown, for the page of the workflow run. */
function summaryText(outcome: Outcome): string {
  const { app, stage, release, previous } = outcome
  return [
    `### ${outcome.exitCode === 0 ? '✅' : '❌'} ${cell(`${app} → ${stage}`)}: ${outcome.result}`,
    '',
    `Release ${code(release)}${previous === null ? '' : `, before it ${code(previous)}`}, in ${durationText(outcome.seconds * 1000)}.`,
    ...(outcome.exitCode === 0 ? [] : ['', failureSentences(outcome).map(cell).join('. ')]),
    '',
    '| Host | Serves | Healthy | Sent | Error |',
    '| --- | --- | --- | --- | --- |',
    ...outcome.hosts.map(hostRow),
    '',
    '',
  ].join('\n')
}

function hostRow({ name, current, healthy, bytes, error }: HostOutcome): string {
  const serves = current === null ? (error === null ? 'nothing' : '?') : code(current)
  const health = healthy === null ? '' : healthy ? 'yes' : 'no'
  const failure = error === null ? '' : cell(`${error.phase}: ${error.message}`)
  return `| ${cell(name)} | ${serves} | ${health} | ${bytesText(bytes)} | ${failure} |`
}

/** Text that can neither end its cell nor become markup. */
export function cell(text: string): string {
  return escapeLine(text.replace(/\s+/g, ' ')).replace(/[\\|`*_<>[\]&]/g, mark => `&#${mark.charCodeAt(0)};`)
}

function code(text: string): string {
  return `<code>${cell(text)}</code>`
}
