import { appendFileSync } from 'node:fs'
import type { Event } from '../../fleet/events.js'
import type { Outcome } from '../../fleet/outcome.js'
import { isReleaseId } from '../../release/id.js'
import type { Output } from '../output.js'
import { noPaint, type Paint } from '../paint.js'
import { failureHeadline } from '../reports/outcome.js'
import { defused, endGroupCommand, errorCommand, groupCommand, outputLines } from './github-commands.js'
import { summaryText } from './github-summary.js'
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
    output.stderr(errorCommand('clonedeploy', [failureHeadline(outcome), outcome.reason].filter(Boolean).join(': ')))
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
