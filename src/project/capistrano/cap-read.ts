import type { Left } from './cap-left.js'
import { append, asked, gem, isCode, leave, type Reading, role, server, setting } from './cap-lines.js'
import { type Login, loginOf, type Server } from './cap-servers.js'
import { noSettings, othersOf, type Settings, settingOf, worked } from './cap-settings.js'
import { isHash } from './cap-values.js'
import { condition, excerpt, names } from './cap-words.js'
import { rubyStatements, type Statement } from './ruby-statements.js'
import { isOp, isWord, type Token } from './ruby-token.js'
import { argumentsOf } from './ruby-values.js'

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

const hook = 'prepare runs before the swap, restart after it'
const byHand = 'as a command in prepare or restart, or by hand: clonedeploy run -- COMMAND'

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
  if (name === 'set' || name === 'set_if_empty') return setting(reading, statement, argumentsOf(rest).slice(0, 1), sure)
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
