import type { Refusal } from '../../errors.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import { escapeLine } from '../../text/escape.js'
import { bytesText } from '../../text/units.js'
import type { Paint } from '../paint.js'

/** What was found out about a host when a project began. */
export interface Look {
  readonly name: string
  /** Why it was not reached; null when it was. */
  readonly error: Pick<Refusal, 'message' | 'details' | 'next'> | null
  readonly login: {
    readonly user: string
    readonly address: string
    readonly port: number
    readonly hostKey: { readonly type: string; readonly fingerprint: string } | null
  } | null
  readonly state: HostState | null
  /** What would stop a deploy, of a host that was reached. */
  readonly problems: readonly Problem[]
}

export function isWell({ error, problems }: Look): boolean {
  return error === null && problems.length === 0
}

/** A line for every host, and below it what is wrong and what to do about that. */
export function lookLines(looks: readonly Look[], paint: Paint): readonly string[] {
  const width = Math.max(0, ...looks.map(({ name }) => name.length))
  const margin = ' '.repeat(width + 4)
  return looks.flatMap(look => {
    const mark = isWell(look) ? paint.good('✔') : paint.bad('✖')
    const [first = '', ...more] = sentences(look).map(line => escapeLine(line))
    return [`${mark} ${look.name.padEnd(width)}  ${first}`, ...more.map(line => `${margin}${line}`)]
  })
}

function sentences({ name, error, login, state, problems }: Look): readonly string[] {
  if (error !== null) {
    const steps = error.next.filter(line => !line.startsWith('in CI:'))
    const message = error.message.startsWith(`${name} `) ? error.message.slice(name.length + 1) : error.message
    return [message, ...error.details.slice(0, 1), ...steps]
  }
  const { user, address, port, hostKey } = login ?? { user: '', address: '', port: 0, hostKey: null }
  const free = state === null ? [] : [`${bytesText(state.disk.freeKb * 1024)} free`]
  const tools = ['tar', 'gzip', 'zstd'].filter(tool => state?.tools.includes(tool))
  const facts = [
    `${user}@${address}:${port}`,
    ...(hostKey === null ? [] : ['host key known']),
    ...free,
    tools.join(' '),
  ]
  return [
    facts.filter(one => one !== '').join('  '),
    ...problems.flatMap(({ text, fix }) => [text, ...(fix === null ? [] : [`fix: ${fix}`])]),
  ]
}
