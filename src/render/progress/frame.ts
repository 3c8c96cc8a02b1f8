import { durationText, stampText } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { bytesText, percent } from '../../text/units.js'
import { stepText } from '../lines.js'
import type { Paint } from '../paint.js'
import { cut, padEnd, widthOf } from '../table.js'
import type { HostProgress, PhaseProgress, Progress } from './progress.js'

interface FrameSize {
  readonly columns: number
  readonly rows: number
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const spinnerMs = 80
const shownOutput = 3
const barWidth = 10

/** What is under way, as the lines to redraw: at most `rows - 2` of them, none wider than the terminal. */
export function frameLines(progress: Progress, size: FrameSize, now: number, paint: Paint): string[] {
  const room = Math.max(1, size.rows - 2)
  const phases = progress.phases.slice(-room)
  const each = Math.floor(room / Math.max(1, phases.length))
  const lines = phases.flatMap(phase => phaseFrame(phase, progress, each, now, paint))
  return lines.map(line => cut(line.replaceAll('\t', '    '), size.columns - 1))
}

/** `00:13 push       ` and what follows, so that it stands in one column for all phases. */
export function phaseLine(phase: { phase: string; since: number }, startedAt: number, text: string, paint: Paint) {
  return `${stampText(phase.since - startedAt)} ${paint.strong(phase.phase.padEnd(8))}   ${text}`.trimEnd()
}

/** `  ✖ web-3   exit 1 after 3.2s`: a host whose step ended. */
export function endedLine(phase: PhaseProgress, host: HostProgress, nameWidth: number, paint: Paint): string {
  const sign = host.state === 'failed' ? paint.bad('✖') : paint.good('✔')
  return `  ${sign} ${padEnd(host.name, nameWidth)}   ${stepText({ ...host, phase: phase.phase })}`
}

export function nameWidthOf(phase: PhaseProgress): number {
  return Math.max(0, ...phase.hosts.map(host => widthOf(host.name)))
}

function phaseFrame(phase: PhaseProgress, progress: Progress, room: number, now: number, paint: Paint): string[] {
  const output = phase.output.slice(-Math.min(shownOutput, Math.floor(room / 4)))
  const lines = [
    phaseLine(phase, progress.startedAt, headingText(phase, now, paint), paint),
    ...hostLines(phase, Math.max(0, room - 1 - output.length), now, paint),
    ...output.map(({ host, line }) => paint.dim(`  ${host ?? phase.phase} | ${escapeLine(line)}`)),
  ]
  return lines.slice(0, room)
}

function headingText(phase: PhaseProgress, now: number, paint: Paint): string {
  const spin = paint.accent(spinnerAt(now))
  const note = phase.note === '' ? '' : `   ${escapeLine(phase.note)}`
  if (phase.hosts.length === 0) return `${[spin, elapsedText(now - phase.since)].join(' ').trimEnd()}${note}`
  const done = phase.hosts.filter(host => host.state === 'done').length
  const idle = phase.hosts.every(host => host.state !== 'running') ? elapsedText(now - phase.since) : ''
  return `${[`${spin} ${done}/${phase.hosts.length}`, idle].join('   ').trimEnd()}${note}`
}

function hostLines(phase: PhaseProgress, room: number, now: number, paint: Paint): string[] {
  const width = nameWidthOf(phase)
  const line = (host: HostProgress) =>
    host.state === 'running' ? runningLine(host, width, now, paint) : endedLine(phase, host, width, paint)
  if (phase.hosts.length <= room) return phase.hosts.map(line)
  if (room === 0) return []
  const sorted = [...phase.hosts].sort((a, b) => urgency(a) - urgency(b))
  const rest = sorted.slice(room - 1)
  const done = rest.filter(host => host.state === 'done').length
  return [...sorted.slice(0, room - 1).map(line), paint.dim(`  … ${rest.length} more (${done} done)`)]
}

/** Failed hosts first, then those that lag most; tenths, so that lines do not jump about. */
function urgency(host: HostProgress): number {
  if (host.state === 'failed') return -1
  if (host.state === 'done') return 11
  return host.bytes === null ? 0 : Math.floor(percent(host.bytes.done, host.bytes.total) / 10)
}

function runningLine(host: HostProgress, width: number, now: number, paint: Paint): string {
  const start = `  ${paint.accent(spinnerAt(now))} ${padEnd(host.name, width)}`
  if (host.bytes === null || host.bytes.total <= 0) {
    return `${start}   ${[escapeLine(host.step), elapsedText(now - host.since)].filter(Boolean).join('   ')}`
  }
  const { done, total } = host.bytes
  const share = percent(done, total)
  const full = Math.floor((share * barWidth) / 100)
  const bar = '█'.repeat(full) + '░'.repeat(barWidth - full)
  return `${start}   ${bar} ${String(share).padStart(3)}%   ${bytesText(done)}${leftText(host, now)}`
}

function leftText(host: HostProgress, now: number): string {
  const { done, total } = host.bytes ?? { done: 0, total: 0 }
  const ms = now - host.since
  if (done <= 0 || done >= total || ms < 1000) return ''
  return `   ${durationText(Math.max(1000, Math.round((ms * (total - done)) / done / 1000) * 1000))} left`
}

/** Whole seconds, so that it does not flicker. */
function elapsedText(ms: number): string {
  return ms < 1000 ? '' : durationText(Math.floor(ms / 1000) * 1000)
}

function spinnerAt(now: number): string {
  return spinner[Math.floor(now / spinnerMs) % spinner.length] ?? '…'
}
