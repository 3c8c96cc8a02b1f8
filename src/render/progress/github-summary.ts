import type { HostOutcome, Outcome } from '../../fleet/outcome.js'
import { escapeLine } from '../../text/escape.js'
import { bytesText, durationText } from '../../text/units.js'
import { failureHeadline } from '../reports/outcome.js'

/** The outcome as Markdown, for the page of the workflow run. */
export function summaryText(outcome: Outcome): string {
  const { app, stage, release, previous, reason } = outcome
  return [
    `### ${outcome.exitCode === 0 ? '✅' : '❌'} ${cell(`${app} → ${stage}`)}: ${outcome.result}`,
    '',
    `Release ${code(release)}${previous === null ? '' : `, before it ${code(previous)}`}, in ${durationText(outcome.seconds * 1000)}.`,
    ...(outcome.exitCode === 0 ? [] : ['', `${cell(failureHeadline(outcome))}. ${cell(reason ?? '')}`.trim()]),
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
