import type { Phase } from '../../fleet/outcome.js'
import { durationText } from '../../text/duration.js'
import { type Axis, axisOf } from './axis.js'
import { type Html, html } from './html.js'
import { length, type Span } from './spans.js'
import { hasFailed, type PhaseSpan, type StepSpan, type Story } from './story.js'
import { waitsOf, workOf } from './waits.js'
import { type Kind, kindOf } from './words.js'

/** Phases, and below them hosts, on one axis: what each did when, and when it waited for the others. */
export function timeline(story: Story): Html {
  const { phases, took, start } = story
  const axis = axisOf(
    took,
    start.hosts.flatMap(host => workOf(phases, host)),
  )
  const names = [...new Set(phases.map(({ phase }) => phase))]
  return html`<div class="chart">
<div class="row head"><span class="name"></span>${heading(axis, story)}<span class="took"></span></div>
${names.map(name => phaseRow(axis, story, name))}
<div class="row sub"><span class="name">Hosts</span><span></span><span class="took">waited</span></div>
${start.hosts.map(host => hostRow(axis, story, host))}
</div>
${legend(story, axis)}`
}

function heading(axis: Axis, story: Story): Html {
  const ticks = axis.ticks.map(ms => label(axis.at(ms), ms === 0 ? '0' : durationText(ms), 'tick', 12))
  const turns = turnsOf(story)
  const firsts = turns.filter(turn => turns.find(({ kind }) => kind === turn.kind) === turn)
  const marks = firsts.map(({ from, kind }) => label(axis.at(from), kind === 'swap' ? 'swap' : 'put back', kind, 28))
  return html`<svg class="axis" aria-hidden="true">${ticks}${marks}</svg>`
}

/** The label of a point: it stays within the line at both ends. */
function label(x: number, text: string, kind: string, y: number): Html {
  const anchor = x < 4 ? 'start' : x > 92 ? 'end' : 'middle'
  return html`<text class="${kind}" x="${percent(x)}" y="${y}" text-anchor="${anchor}">${text}</text>`
}

/** When batches were swapped, and when they were put back. */
function turnsOf({ phases }: Story): readonly { readonly from: number; readonly kind: Kind }[] {
  const turns = phases.filter(({ phase }) => phase === 'swap' || phase === 'rollback')
  return turns.map(({ from, phase }) => ({ from, kind: kindOf(phase) }))
}

function phaseRow(axis: Axis, story: Story, name: Phase): Html {
  const spans = story.phases.filter(({ phase }) => phase === name)
  const took = durationText(length(spans))
  const bars = spans.map(span => bar(axis, span, isBad(span) ? 'failed' : kindOf(name), phaseTitle(span)))
  const said = `${name}: ${took}`
  return html`<div class="row"><span class="name">${name}</span>${lane(axis, story, said, bars)}<span class="took">${took}</span></div>
`
}

/** One whose hosts were all stopped has not failed. */
function isBad({ ok, steps }: PhaseSpan): boolean {
  return ok === false && (steps.length === 0 || steps.some(hasFailed))
}

function phaseTitle({ phase, from, to, note }: PhaseSpan): string {
  return [`${phase}: ${durationText(to - from)}`, note].filter(text => text !== '').join(', ')
}

function hostRow(axis: Axis, story: Story, host: string): Html {
  const { phases } = story
  const steps = phases.flatMap(phase => phase.steps.filter(step => step.host === host).map(step => ({ phase, step })))
  const waits = waitsOf(phases, host)
  const waited = length(waits)
  const bars = [
    ...waits.map(span => bar(axis, span, 'wait', `waited ${durationText(span.to - span.from)} for other hosts`)),
    ...steps.map(({ phase, step }) => bar(axis, step, kindOfStep(phase, step), stepTitle(phase, step))),
  ]
  const failed = steps.some(({ step }) => hasFailed(step))
  const said = `${host}: ${durationText(length(workOf(phases, host)))} of work${waited === 0 ? '' : `, waited ${durationText(waited)}`}`
  return html`<div class="row"><span class="name host${failed ? ' bad' : ''}" title="${host}">${host}</span>${lane(axis, story, said, bars)}<span class="took">${waited === 0 ? '' : durationText(waited)}</span></div>
`
}

function kindOfStep({ phase }: PhaseSpan, step: StepSpan): string {
  return hasFailed(step) ? 'failed' : step.ok === true ? kindOf(phase) : 'cut'
}

function stepTitle({ phase }: PhaseSpan, { step, ok, note, from, to }: StepSpan): string {
  const how = ok === false ? 'failed after' : ok === null ? 'no end after' : 'in'
  return `${phase}: ${step} ${how} ${durationText(to - from)}${note === '' ? '' : `, ${note}`}`
}

function lane(axis: Axis, story: Story, said: string, bars: readonly Html[]): Html {
  const grid = axis.ticks.map(ms => line(axis.at(ms), 'grid'))
  const gaps = axis.breaks.map(span => bar(axis, span, 'gap', `shown shorter: ${durationText(span.to - span.from)}`))
  const turns = turnsOf(story).map(({ from, kind }) => line(axis.at(from), kind))
  return html`<svg class="lane" role="img" aria-label="${said}">${grid}${gaps}${turns}${bars}</svg>`
}

function line(x: number, kind: string): Html {
  return html`<line class="${kind}" x1="${percent(x)}" x2="${percent(x)}" y1="0" y2="100%"/>`
}

/** Never too narrow to be seen. */
function bar(axis: Axis, { from, to }: Span, kind: string, title: string): Html {
  const width = Math.max(axis.at(to) - axis.at(from), 0.25)
  const x = Math.min(axis.at(from), 100 - width)
  return html`<rect class="${kind}" x="${percent(x)}" width="${percent(width)}"><title>${title}</title></rect>`
}

function percent(value: number): string {
  return `${Math.round(value * 1000) / 1000}%`
}

function legend({ phases, start }: Story, { breaks }: Axis): Html {
  const kinds = new Set<string>(phases.map(({ phase }) => kindOf(phase)))
  if (phases.some(phase => isBad(phase) || phase.steps.some(hasFailed))) kinds.add('failed')
  if (phases.some(({ steps }) => steps.some(step => step.ok !== true && !hasFailed(step)))) kinds.add('cut')
  if (breaks.length > 0) kinds.add('gap')
  if (start.hosts.some(host => waitsOf(phases, host).length > 0)) kinds.add('wait')
  const keys = Object.entries(meanings).filter(([kind]) => kinds.has(kind))
  return html`<ul class="legend">${keys.map(
    ([kind, text]) =>
      html`<li><svg class="key" aria-hidden="true"><rect class="${kind}" width="100%"/></svg>${text}</li>`,
  )}</ul>`
}

const meanings: Readonly<Record<string, string>> = {
  before: 'getting ready',
  swap: 'swap',
  after: 'restart, checks, end',
  back: 'way back',
  failed: 'failed',
  cut: 'cut short',
  wait: 'waits for other hosts',
  gap: 'shown shorter than it was',
}
