import type { HostFailure, HostOutcome, Outcome } from '../fleet/outcome.js'
import { escapeLine, escapeLines } from '../text/escape.js'
import type { Paint } from './paint.js'
import { listed } from './phrases.js'

const toldHosts = 3

type FailedHost = HostOutcome & { readonly error: HostFailure }

export function failedHosts(outcome: Outcome): readonly FailedHost[] {
  return outcome.hosts.filter((host): host is FailedHost => host.error !== null)
}

/** Why it failed: the reason, then each failing host with the last lines that it printed. */
export function failureLines(outcome: Outcome, paint: Paint): string[] {
  const failed = failedHosts(outcome)
  const told = failed.slice(0, toldHosts)
  const rest = failed.slice(toldHosts).map(host => host.name)
  const repeated = outcome.reason !== null && failed.some(host => outcome.reason?.includes(host.error.message))
  const reason =
    outcome.reason === null || repeated ? [] : ['', ...escapeLines(outcome.reason).map(line => `  ${line}`)]
  return [
    ...reason,
    ...told.flatMap(host => ['', ...hostLines(host, paint)]),
    ...(rest.length === 0 ? [] : ['', `  ${listed(rest, 8)} failed too.`]),
  ]
}

function hostLines({ name, error }: FailedHost, paint: Paint): string[] {
  const where = error.step === '' || error.step === error.phase ? error.phase : `${error.phase}, ${error.step}`
  const [first = '', ...more] = escapeLines(error.message)
  return [
    `  ${paint.strong(name)}   ${escapeLine(where)}: ${first}`,
    ...more.map(line => `    ${line}`),
    ...error.output.map(line => `  ${name} | ${escapeLine(line)}`),
    ...logLines(name, error, paint),
    ...(error.hint === null ? [] : escapeLines(error.hint).map(line => `  ${line}`)),
  ]
}

/** The last lines of the app's log, and where they are from. */
function logLines(name: string, { log, output }: HostFailure, paint: Paint): string[] {
  if (log === undefined) return []
  const from = `(last ${log.lines.length === 1 ? 'line' : `${log.lines.length} lines`} of: ${escapeLine(log.source)})`
  const gap = output.length === 0 ? [] : ['']
  return [...gap, ...log.lines.map(line => `  ${name} | ${escapeLine(line)}`), `  ${paint.dim(from)}`]
}
