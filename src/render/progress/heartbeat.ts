import { escapeLine } from '../../text/escape.js'
import { listed } from '../../text/phrases.js'
import { durationText, partText, percent } from '../../text/units.js'
import type { HostProgress, PhaseProgress, Progress } from './progress.js'

const shown = 5
/** What began only just now is no news. */
const newsMs = 1000

/** Signs of life for where nothing can be redrawn: who still sends how much, who still runs what. */
export function heartbeatLines(progress: Progress, nameWidth: number, now: number): string[] {
  return progress.phases.flatMap(phase => phaseLines(phase, nameWidth, now))
}

function phaseLines(phase: PhaseProgress, nameWidth: number, now: number): string[] {
  const running = phase.hosts.filter(host => host.state === 'running')
  const sending = running.filter(isSending).sort((a, b) => share(a) - share(b))
  const working = running.filter(host => !isSending(host) && now - host.since >= newsMs)
  if (running.length === 0 && now - phase.since >= newsMs)
    return [stillRunning(`${phase.phase} (${durationText(now - phase.since)})`)]
  return [
    ...sending.slice(0, shown).map(host => `      … ${host.name.padEnd(nameWidth)} ${sentText(host)}`),
    ...(sending.length > shown ? [`      … ${sending.length - shown} more are further on`] : []),
    ...(working.length > 0
      ? [
          stillRunning(
            listed(
              working.map(host => workText(host, now)),
              shown,
            ),
          ),
        ]
      : []),
  ]
}

function stillRunning(what: string): string {
  return `      … still running: ${what}`
}

function isSending(host: HostProgress): boolean {
  return host.bytes !== null && host.bytes.done < host.bytes.total
}

function share(host: HostProgress): number {
  return host.bytes === null ? 0 : host.bytes.done / host.bytes.total
}

function sentText(host: HostProgress): string {
  const { done, total } = host.bytes ?? { done: 0, total: 0 }
  return `${partText(done, total)} (${percent(done, total)}%)`
}

function workText(host: HostProgress, now: number): string {
  return `${[host.name, escapeLine(host.step)].join(' ').trim()} (${durationText(now - host.since)})`
}
