import type { Refusal } from '../../errors.js'
import type { PortState } from '../../release/ports.js'
import type { RuntimeAnswer } from '../../state/answers/runtime.js'
import { escapeLine } from '../../text/escape.js'
import { listed } from '../../text/phrases.js'
import { bytesText } from '../../text/units.js'
import type { Paint } from '../paint.js'

/** What `check` found out about a host that it could read. */
export interface CheckedHost {
  readonly name: string
  readonly address: string
  readonly hostKey: string
  readonly auth: string
  /** Who speaks SSH: this process, or the system's ssh, and why that one. */
  readonly transport: string
  readonly why: string | null
  readonly shell: string
  readonly deployTo: string
  readonly freeBytes: number
  readonly freeInodes: number | null
  readonly mount: string
  /** Seconds that its clock is ahead of ours; null: unknown. */
  readonly clockOffset: number | null
  readonly roundTripMs: number
  readonly tools: readonly string[]
  readonly tar: string | null
  readonly syncsOne: boolean | null
  /** Where the configuration has two ports for it, or had: as `status` has them. */
  readonly ports?: readonly PortState[]
  /** What it prints by the commands of `runtime`; absent: none was run there. */
  readonly runtime?: readonly RuntimeAnswer[]
}

export interface CheckProblem {
  readonly host: string
  readonly text: string
  readonly fix: string | null
  /** Of a host that was not reached, or of the store: the evidence, and what to run. */
  readonly details?: readonly string[]
  readonly next?: readonly string[]
}

export interface CheckedStore {
  readonly name: string
  /** Why it cannot be used; null: it can. */
  readonly fault: string | null
}

interface CheckReport {
  readonly app: string
  readonly stage: string
  readonly hosts: readonly CheckedHost[]
  /** Null: the configuration names none. */
  readonly store: CheckedStore | null
  readonly unreached: readonly Pick<Refusal, 'message' | 'details' | 'next'>[]
  /** Of the hosts that were read. */
  readonly problems: readonly CheckProblem[]
  readonly warnings: readonly string[]
}

/** A block for every host, then what is odd, then what would stop a deploy. Ends with a newline. */
export function checkText(report: CheckReport, paint: Paint): string {
  const { app, stage, hosts, store, unreached, problems, warnings } = report
  const failing = new Set(problems.map(({ host }) => host))
  const width = Math.max(0, ...hosts.map(({ name }) => name.length))
  const bad = (text: string) => `${paint.bad('✖')} ${escapeLine(text)}`
  const blocks = [
    [`${app} → ${stage}`],
    ...hosts.map(host => [
      `${failing.has(host.name) ? paint.bad('✖') : paint.good('✔')} ${host.name.padEnd(width)}   ${escapeLine(host.address)}   ${timesText(host)}`,
      ...hostLines(host).map(([key, value]) => `    ${paint.dim(key.padEnd(5))}   ${escapeLine(value)}`),
    ]),
    store?.fault === null
      ? [`${paint.good('✔')} store ${escapeLine(store.name)}   keeps what is created, and refuses to replace it`]
      : [],
    warnings.map(text => `${paint.warn('!')} ${escapeLine(text)}`),
    ...unreached.map(({ message, details, next }) => [
      bad(message),
      ...details.map(line => `  ${escapeLine(line)}`),
      ...next.map(line => paint.accent(`  ${escapeLine(line)}`)),
    ]),
    byFix(problems).flatMap(([fix, group]) => [
      ...group.map(({ host, text }) => bad(`${host}: ${text}`)),
      ...(fix === null ? [] : [`  fix: ${escapeLine(fix)}`]),
    ]),
    problems.length + unreached.length === 0 ? ['No problems found.'] : [],
  ]
  const shown = blocks.filter(lines => lines.length > 0)
  return `${shown.map(lines => lines.join('\n')).join('\n\n')}\n`
}

/** Problems that one thing mends stand together, above it. */
function byFix(problems: readonly CheckProblem[]): readonly (readonly [string | null, readonly CheckProblem[]])[] {
  const fixes = [...new Set(problems.map(({ fix }) => fix))]
  return fixes.map(fix => [fix, problems.filter(one => one.fix === fix)])
}

function timesText({ roundTripMs, clockOffset }: CheckedHost): string {
  const clock = clockOffset === null ? '?' : `${clockOffset < 0 ? '−' : '+'}${Math.abs(clockOffset)} s`
  return `${roundTripMs} ms away   clock ${clock}`
}

function hostLines(host: CheckedHost): readonly (readonly [string, string])[] {
  const inodes = host.freeInodes === null ? '' : `, ${host.freeInodes} inodes free`
  const has = (tool: string) => (host.tools.includes(tool) ? [tool] : [`no ${tool}`])
  const sync = host.syncsOne === null ? [] : [host.syncsOne ? 'sync -f' : 'no sync -f']
  const tools = [`tar (${host.tar ?? '?'})`, ...['gzip', 'zstd', 'timeout', 'setsid'].flatMap(has), ...sync]
  return [
    ['key', host.hostKey || 'none'],
    [
      'login',
      host.transport === 'openssh'
        ? `${host.auth}, by the system's ssh${host.why === null ? '' : `, because ${host.why}`}`
        : host.auth,
    ],
    ['shell', host.shell || 'unknown'],
    ['disk', `${bytesText(host.freeBytes)} free${inodes} on ${host.mount}, for ${host.deployTo}`],
    ['tools', tools.join(', ')],
    ...(host.runtime ?? []).map(
      ({ run, ok, says }) => ['runs', `${run}: ${ok ? says : `it fails with ${says}`}`] as const,
    ),
    ...(host.ports === undefined ? [] : [['ports', host.ports.map(portText).join('; ')] as const]),
  ]
}

/** `3001 serves RELEASE, with the users of HAProxy lb-1 web`, `3002 is idle`. */
function portText({ port, release, serves, users }: PortState): string {
  const what = serves
    ? `serves ${release ?? 'what was not started by us'}`
    : release === null
      ? 'is idle'
      : `runs ${release}`
  const nobody = serves && users !== null ? ', without users' : ''
  return `${port} ${what}${users?.length ? `, with the users of ${listed(users)}` : nobody}`
}
