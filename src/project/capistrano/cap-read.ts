import { gemOf } from './cap-gems.js'
import type { Left } from './cap-left.js'
import { type Login, loginOf, type Server, serverOf, withServer } from './cap-servers.js'
import { noSettings, othersOf, type Settings, settingOf, worked } from './cap-settings.js'
import { isHash, isList, type Known, type PlainHash, textsOf } from './cap-values.js'
import { condition, excerpt, names } from './cap-words.js'
import { rubyStatements, type Statement } from './ruby-statements.js'
import { isOp, isWord, type Token } from './ruby-token.js'
import { argumentsOf, pieces, type Value } from './ruby-values.js'

export interface CapFile {
  /** As it is shown. */
  readonly file: string
  readonly text: string
}

/** What the files say of one stage. */
export interface CapStage {
  readonly settings: Settings
  readonly servers: readonly Server[]
  readonly login: Login
  /** Gems, by name. */
  readonly gems: ReadonlySet<string>
  readonly left: readonly Left[]
}

interface Reading {
  readonly settings: Settings
  servers: readonly Server[]
  readonly gems: Set<string>
  readonly left: Left[]
  /** Names that more than one line gives something. */
  changed: ReadonlySet<string>
  file: string
}

/** Reads what Capistrano would run for a stage, file after file. `stage`: null where there is only one, without a file. */
export function readStage(files: readonly CapFile[], stage: string | null): CapStage {
  const settings = noSettings()
  const reading: Reading = { settings, servers: [], gems: new Set(), left: settings.left, changed: new Set(), file: '' }
  if (stage !== null) settings.all.set('stage', { file: '', line: 0, is: { value: stage }, unsure: false })
  for (const { file, text } of files) {
    const { read, broken } = rubyStatements(text)
    reading.file = file
    reading.changed = changedIn(read)
    walk(reading, read, true)
    if (broken !== null)
      reading.left.push({ file, line: broken.line, what: broken.message, instead: 'what follows was not read' })
  }
  const login = commonLogin(reading)
  reading.left.push(...othersOf(settings))
  return { settings, servers: reading.servers, login, gems: reading.gems, left: reading.left }
}

function commonLogin(reading: Reading): Login {
  const found = settingOf(reading.settings, 'ssh_options')
  if (found === null || !('value' in found.is)) return {}
  const { file, line } = found
  const tell = (what: string, instead: string) => void reading.left.push({ file, line, what, instead })
  if (isHash(found.is.value)) return loginOf(found.is.value, tell)
  tell('set :ssh_options', 'is no hash')
  return {}
}

/** `sure`: whether these statements always run. */
function walk(reading: Reading, statements: readonly Statement[], sure: boolean): void {
  for (const statement of statements) {
    const end = condition(statement.head)
    const certain = sure && end === null && statement.tail.length === 0
    const head = end === null ? statement.head : statement.head.slice(0, end)
    if (statement.opener === null) call(reading, { ...statement, head }, certain)
    else block(reading, { ...statement, head }, certain)
  }
}

function leave(reading: Reading, { line }: Statement, what: string, instead: string): void {
  reading.left.push({ file: reading.file, line, what, instead })
}

const hook = 'prepare runs before the swap, restart after it'
const byHand = 'as a command in prepare or restart, or by hand: clonedeploy run -- COMMAND'
const isCode = 'is Ruby code, which is not run here'

/** What has an `end`. */
function block(reading: Reading, statement: Statement, sure: boolean) {
  const { head, body, opener } = statement
  const [first, ...rest] = head
  const name = first?.kind === 'word' ? first.text : ''
  if (opener === 'do' && name === 'namespace') return walk(reading, body, sure)
  if (opener === 'do' && (name === 'task' || name === 'remote_file'))
    return leave(reading, statement, `task ${names(rest)}`, byHand)
  if (opener === 'do' && (name === 'after' || name === 'before'))
    return leave(reading, statement, `${name} ${names(rest)}`, hook)
  if (opener === 'do' && (name === 'set' || name === 'set_if_empty'))
    return setting(reading, statement, argumentsOf(rest).slice(0, 1), sure)
  if (opener !== 'do' && (name === 'set' || name === 'set_if_empty'))
    return setting(reading, statement, argumentsOf(rest).slice(0, 1), sure)
  if (opener === 'def') return leave(reading, statement, 'def', isCode)
  const before = reading.left.length
  walk(reading, body, false)
  if (reading.left.length === before) leave(reading, statement, excerpt([...head, wordOf(statement)]), isCode)
}

function wordOf({ opener, line }: Statement): Token {
  return { kind: 'word', text: opener ?? '', parts: [], items: [], line, spaced: true }
}

/** Lines that say nothing that is lost. */
const plain = new Set(['desc', 'lock', 'else', 'elsif', 'when', 'then', 'ensure', 'rescue', 'include', 'extend'])

function call(reading: Reading, statement: Statement, sure: boolean) {
  const [first, ...rest] = statement.head
  if (first?.kind !== 'word') return leave(reading, statement, excerpt(statement.head), isCode)
  if (isOp(rest[0], '=') && isName(first.text)) return assign(reading, first.text, rest.slice(1), sure)
  if (plain.has(first.text)) return
  const given = () => argumentsOf(rest)
  switch (first.text) {
    case 'set':
    case 'set_if_empty':
      return setting(reading, statement, given(), sure)
    case 'append':
      return append(reading, statement, given(), sure)
    case 'ask':
      return asked(reading, statement, given())
    case 'server':
      return server(reading, statement, given(), sure)
    case 'role':
      return role(reading, statement, given(), sure)
    case 'require':
    case 'install_plugin':
    case 'load':
      return gem(reading, statement, rest)
    case 'task':
      return leave(reading, statement, `task ${names(rest)}`, byHand)
    case 'after':
    case 'before':
      return leave(reading, statement, `${first.text} ${names(rest)}`, hook)
    default:
      if (!isImport(statement.head)) leave(reading, statement, excerpt(statement.head), isCode)
  }
}

/** The line of every Capfile that imports the tasks of lib/capistrano/tasks, which are looked for there. */
function isImport(head: readonly Token[]): boolean {
  const text = head.find(({ kind }) => kind === 'text')?.parts[0]
  return isWord(head[0], 'Dir') && typeof text === 'string' && text.startsWith('lib/capistrano/tasks/')
}

function isName(text: string): boolean {
  return /^[@$]?[A-Za-z_]\w*$/.test(text)
}

function assign(reading: Reading, name: string, tokens: readonly Token[], sure: boolean): void {
  const [value, ...more] = argumentsOf(tokens)
  const once = sure && !reading.changed.has(name) && value !== undefined && more.length === 0
  if (once) reading.settings.variables.set(name, worked(reading.settings, value, reading.file))
  else reading.settings.variables.delete(name)
}

/** Variables that are given something more than once, or that a method changes. */
function changedIn(statements: readonly Statement[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const changed = new Set<string>()
  const look = (tokens: readonly Token[]): void => {
    for (const [at, token] of tokens.entries()) {
      if (token.kind === 'text') for (const part of token.parts) if (typeof part !== 'string') look(part)
      if (token.kind !== 'word') continue
      const [next, method] = [tokens[at + 1], tokens[at + 2]]
      if (isOp(next, '=') && !seen.has(token.text)) seen.add(token.text)
      else if (isOp(next, '=', '+=', '-=', '||=', '&&=', '<<', '[')) changed.add(token.text)
      else if (isOp(next, '.') && method !== undefined && changes.test(method.text)) changed.add(token.text)
    }
  }
  const all = (list: readonly Statement[]): void => {
    for (const { head, tail, body } of list) {
      look(head)
      look(tail)
      all(body)
    }
  }
  all(statements)
  return changed
}

const changes = /^(push|append|concat|unshift|prepend|insert|delete|replace|clear|pop|shift|.*!)$/

/** `set :name, value` */
function setting(reading: Reading, statement: Statement, [key, ...values]: readonly Value[], sure: boolean) {
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
  leave(reading, statement, `set :${name}`, 'runs under a condition, so it was not taken')
}

function stage(reading: Reading, statement: Statement, value: Value | undefined): void {
  const now = settingOf(reading.settings, 'stage')?.is
  const is = value === undefined ? null : worked(reading.settings, value, reading.file)
  if (now === undefined) return
  if (is !== null && 'value' in is && 'value' in now && is.value === now.value) return
  leave(reading, statement, 'set :stage', 'a stage has the name of its file')
}

/** `append :linked_dirs, 'log', 'tmp'` */
function append(reading: Reading, statement: Statement, [key, ...values]: readonly Value[], sure: boolean) {
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

function asked(reading: Reading, statement: Statement, [key]: readonly Value[]) {
  const name = nameOf(reading, key)
  if (name === null) return leave(reading, statement, 'ask', isCode)
  const { file } = reading
  const is = {
    why:
      name === 'branch' ? 'is asked for at each deploy: clonedeploy deploy --ref REF' : 'is asked for at each deploy',
  }
  reading.settings.all.set(name, { file, line: statement.line, is, unsure: false })
}

function server(reading: Reading, statement: Statement, [first, ...more]: readonly Value[], sure: boolean) {
  const { file, settings } = reading
  const host = first === undefined ? { why: isCode } : worked(settings, first, file)
  if (!sure) return leave(reading, statement, excerpt(statement.head), 'runs under a condition, so it was not taken')
  if ('why' in host) return leave(reading, statement, excerpt(statement.head), host.why)
  if (typeof host.value !== 'string') return leave(reading, statement, excerpt(statement.head), isCode)
  const place = { file, line: statement.line }
  const others = more.map(value => worked(settings, value, file))
  const roles = others.flatMap(one => ('value' in one && !isHash(one.value) ? (textsOf(one.value) ?? []) : []))
  const properties = hashAmong(others)
  const tell = (what: string, instead: string) => leave(reading, statement, what, instead)
  for (const one of others) if ('why' in one) tell(`server '${host.value}'`, one.why)
  const added = serverOf(host.value, roles, properties, place, tell)
  if (added !== null) reading.servers = withServer(reading.servers, added)
}

function role(reading: Reading, statement: Statement, [first, ...more]: readonly Value[], sure: boolean) {
  const name = nameOf(reading, first)
  if (!sure) return leave(reading, statement, excerpt(statement.head), 'runs under a condition, so it was not taken')
  const { file, settings } = reading
  const others = more.map(value => worked(settings, value, file))
  const wrong = others.find(one => 'why' in one || (!isHash(one.value) && textsOf(one.value) === null))
  if (name === null || wrong !== undefined)
    return leave(
      reading,
      statement,
      excerpt(statement.head),
      wrong !== undefined && 'why' in wrong ? wrong.why : isCode,
    )
  const hosts = others.flatMap(one => ('value' in one && !isHash(one.value) ? (textsOf(one.value) ?? []) : []))
  const tell = (what: string, instead: string) => leave(reading, statement, what, instead)
  for (const host of hosts) {
    const added = serverOf(host, [name], hashAmong(others), { file, line: statement.line }, tell)
    if (added !== null) reading.servers = withServer(reading.servers, added)
  }
}

function hashAmong(all: readonly Known[]): PlainHash {
  return { entries: all.flatMap(one => ('value' in one && isHash(one.value) ? one.value.entries : [])) }
}

function gem(reading: Reading, statement: Statement, rest: readonly Token[]) {
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
