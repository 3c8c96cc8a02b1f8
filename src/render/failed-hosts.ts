import type { HostFailure, HostOutcome, Outcome } from '../fleet/outcome.js'
import { escapeLine, escapeLines } from '../text/escape.js'
import { listed } from '../text/phrases.js'
import type { Paint } from './paint.js'

const toldFailures = 3

type FailedHost = HostOutcome & { readonly error: HostFailure }
type FailedHosts = readonly [FailedHost, ...FailedHost[]]

export function failedHosts(outcome: Outcome): readonly FailedHost[] {
  return outcome.hosts.filter((host): host is FailedHost => host.error !== null)
}

/** More than that is printed above the headline, so that a screen of 24 rows ends with what failed and what to do. */
const shortOutput = 8

/** What hosts printed, where it is too long to stand below the headline; it ends with a blank line. */
export function longOutput(outcome: Outcome, paint: Paint): string[] {
  if (!isLong(outcome)) return []
  return toldOf(outcome).flatMap(hosts => {
    const lines = outputLines(hosts, paint)
    return lines.length === 0 ? [] : [...lines, '']
  })
}

function isLong(outcome: Outcome): boolean {
  const printed = toldOf(outcome).map(([{ error }]) => error.output.length + (error.log?.lines.length ?? 0))
  return printed.reduce((sum, count) => sum + count, 0) > shortOutput
}

function toldOf(outcome: Outcome): readonly FailedHosts[] {
  return alike(failedHosts(outcome)).slice(0, toldFailures)
}

/** Why it failed: the reason, then each failure with its hosts and, where they are few, the last lines that they printed. */
export function failureLines(outcome: Outcome, paint: Paint): string[] {
  const isShort = !isLong(outcome)
  const failed = failedHosts(outcome)
  const failures = alike(failed)
  const rest = failures
    .slice(toldFailures)
    .flat()
    .map(host => host.name)
  const repeated = outcome.reason !== null && failed.some(host => outcome.reason?.includes(host.error.message))
  const reason =
    outcome.reason === null || repeated ? [] : ['', ...escapeLines(outcome.reason).map(line => `  ${line}`)]
  return [
    ...reason,
    ...failures.slice(0, toldFailures).flatMap(hosts => ['', ...hostLines(hosts, paint, isShort)]),
    ...(rest.length === 0 ? [] : ['', `  ${listed(rest, 8)} failed too.`]),
  ]
}

/** What failed in the very same words is told once. */
function alike(failed: readonly FailedHost[]): readonly FailedHosts[] {
  const groups = new Map<string, [FailedHost, ...FailedHost[]]>()
  for (const host of failed) {
    const text = JSON.stringify(host.error)
    const group = groups.get(text)
    if (group === undefined) groups.set(text, [host])
    else group.push(host)
  }
  return [...groups.values()]
}

function hostLines(hosts: FailedHosts, paint: Paint, isShort: boolean): string[] {
  const [{ error }] = hosts
  const names = hosts.map(({ name }) => name)
  const where = error.step === '' || error.step === error.phase ? error.phase : `${error.phase}, ${error.step}`
  const [first = '', ...more] = escapeLines(error.message)
  return [
    `  ${paint.strong(listed(names, 8))}   ${escapeLine(where)}: ${first}`,
    ...more.map(line => `    ${line}`),
    ...(isShort ? outputLines(hosts, paint) : []),
    ...(error.hint === null ? [] : escapeLines(error.hint).map(line => `  ${line}`)),
  ]
}

function outputLines(hosts: FailedHosts, paint: Paint): string[] {
  const [{ error }] = hosts
  const names = hosts.map(({ name }) => name)
  const name = names.length > 3 ? `${names.length} hosts` : names.join(', ')
  return [...error.output.map(line => `  ${name} | ${escapeLine(line)}`), ...logLines(name, error, paint)]
}

/** The last lines of the app's log, and where they are from. */
function logLines(name: string, { log, output }: HostFailure, paint: Paint): string[] {
  if (log === undefined) return []
  const from = `(last ${log.lines.length === 1 ? 'line' : `${log.lines.length} lines`} of: ${escapeLine(log.source)})`
  const gap = output.length === 0 ? [] : ['']
  return [...gap, ...log.lines.map(line => `  ${name} | ${escapeLine(line)}`), `  ${paint.dim(from)}`]
}
