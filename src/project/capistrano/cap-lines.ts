import { gemOf } from './cap-gems.js'
import type { Left } from './cap-left.js'
import { type Server, serverOf, withServer } from './cap-servers.js'
import { type Settings, settingOf, worked } from './cap-settings.js'
import { isHash, isList, type Known, textsOf } from './cap-values.js'
import { excerpt, names } from './cap-words.js'
import type { Statement } from './ruby-statements.js'
import { isWord, type Token } from './ruby-token.js'
import { pieces, type Value } from './ruby-values.js'

/** What the lines that were read so far say, and where the next one stands. */
export interface Reading {
  readonly settings: Settings
  servers: readonly Server[]
  readonly gems: Set<string>
  readonly left: Left[]
  /** Names that more than one line gives something. */
  changed: ReadonlySet<string>
  file: string
}

export const isCode = 'is Ruby code, which is not run here'
const conditional = 'runs under a condition, so it was not taken'

export function leave(reading: Reading, { line }: Statement, what: string, instead: string): void {
  reading.left.push({ file: reading.file, line, what, instead })
}

/** `set :name, value` */
export function setting(reading: Reading, statement: Statement, [key, ...values]: readonly Value[], sure: boolean) {
  const name = nameOf(reading, key)
  if (name === null) return leave(reading, statement, excerpt(statement.head), isCode)
  const [value] = values
  const { settings, file } = reading
  const old = settings.all.get(name)
  if (isWord(statement.head[0], 'set_if_empty') && old !== undefined && sure) return
  if (name === 'stage') return stage(reading, statement, value)
  if (!sure) return unsure(reading, statement, name)
  const is: Known | Value =
    value === undefined || values.length > 1
      ? { why: isCode }
      : value.kind === 'later'
        ? value
        : worked(settings, value, file)
  settings.all.set(name, { file, line: statement.line, is, unsure: false })
}

/** Under a condition: the value before stays, and nobody counts on it. */
function unsure(reading: Reading, statement: Statement, name: string): void {
  const { settings, file } = reading
  const old = settings.all.get(name) ?? { file, line: statement.line, is: { why: 'is set under a condition' } }
  settings.all.set(name, { ...old, unsure: true })
  leave(reading, statement, `set :${name}`, conditional)
}

function stage(reading: Reading, statement: Statement, value: Value | undefined): void {
  const now = settingOf(reading.settings, 'stage')?.is
  const is = value === undefined ? null : worked(reading.settings, value, reading.file)
  if (now === undefined) return
  if (is !== null && 'value' in is && 'value' in now && is.value === now.value) return
  leave(reading, statement, 'set :stage', 'a stage has the name of its file')
}

/** `append :linked_dirs, 'log', 'tmp'` */
export function append(reading: Reading, statement: Statement, [key, ...values]: readonly Value[], sure: boolean) {
  const name = nameOf(reading, key)
  if (name === null) return leave(reading, statement, excerpt(statement.head), isCode)
  if (!sure) return unsure(reading, statement, name)
  const { settings, file } = reading
  const old = settingOf(settings, name)
  const added = worked(settings, { kind: 'list', items: values }, file)
  const before: Known = old?.unsure ? { why: 'is set under a condition' } : (old?.is ?? { value: [] })
  settings.all.set(name, { file, line: statement.line, is: sumOf(before, added), unsure: false })
}

function sumOf(before: Known, added: Known): Known {
  if ('why' in before) return before
  if ('why' in added) return added
  const [a, b] = [textsOf(before.value), textsOf(added.value)]
  return a === null || b === null ? { why: isCode } : { value: [...a, ...b] }
}

export function asked(reading: Reading, statement: Statement, [key]: readonly Value[]) {
  const name = nameOf(reading, key)
  if (name === null) return leave(reading, statement, 'ask', isCode)
  const other = name === 'branch' ? ': clonedeploy deploy --ref REF' : ''
  const is = { why: `is asked for at each deploy${other}` }
  reading.settings.all.set(name, { file: reading.file, line: statement.line, is, unsure: false })
}

export function server(reading: Reading, statement: Statement, [first, ...more]: readonly Value[], sure: boolean) {
  if (!sure) return leave(reading, statement, excerpt(statement.head), conditional)
  const host = first === undefined ? { why: isCode } : worked(reading.settings, first, reading.file)
  if ('why' in host) return leave(reading, statement, excerpt(statement.head), host.why)
  if (typeof host.value !== 'string') return leave(reading, statement, excerpt(statement.head), isCode)
  const others = more.map(value => worked(reading.settings, value, reading.file))
  for (const one of others) if ('why' in one) leave(reading, statement, `server '${host.value}'`, one.why)
  add(reading, statement, host.value, textsAmong(others), others)
}

export function role(reading: Reading, statement: Statement, [first, ...more]: readonly Value[], sure: boolean) {
  if (!sure) return leave(reading, statement, excerpt(statement.head), conditional)
  const name = nameOf(reading, first)
  const others = more.map(value => worked(reading.settings, value, reading.file))
  const wrong = others.find(one => 'why' in one || (!isHash(one.value) && textsOf(one.value) === null))
  const why = wrong !== undefined && 'why' in wrong ? wrong.why : isCode
  if (name === null || wrong !== undefined) return leave(reading, statement, excerpt(statement.head), why)
  for (const host of textsAmong(others)) add(reading, statement, host, [name], others)
}

function add(reading: Reading, statement: Statement, host: string, roles: readonly string[], others: readonly Known[]) {
  const properties = { entries: others.flatMap(one => ('value' in one && isHash(one.value) ? one.value.entries : [])) }
  const tell = (what: string, instead: string) => leave(reading, statement, what, instead)
  const added = serverOf(host, roles, properties, { file: reading.file, line: statement.line }, tell)
  if (added !== null) reading.servers = withServer(reading.servers, added)
}

function textsAmong(all: readonly Known[]): readonly string[] {
  return all.flatMap(one => ('value' in one && !isHash(one.value) ? (textsOf(one.value) ?? []) : []))
}

export function gem(reading: Reading, statement: Statement, rest: readonly Token[]) {
  const [first = []] = pieces(rest)
  const text = names(first) || (/^[A-Z][\w:]*/.exec(first.map(({ text }) => text).join(''))?.[0] ?? '')
  if (text === '') return leave(reading, statement, excerpt(statement.head), isCode)
  const found = gemOf(text)
  const isNew = !reading.gems.has(found?.name ?? text)
  reading.gems.add(found?.name ?? text)
  if (!isNew || (found !== null && found.instead === null)) return
  if (found === null)
    return leave(
      reading,
      statement,
      `${statement.head[0]?.text} ${text}`,
      'not known here: see what it does at a deploy',
    )
  leave(reading, statement, text, found.instead ?? '')
}

function nameOf(reading: Reading, value: Value | undefined): string | null {
  if (value === undefined) return null
  const is = worked(reading.settings, value, reading.file)
  return 'value' in is && typeof is.value === 'string' && !isList(is.value) ? is.value : null
}
