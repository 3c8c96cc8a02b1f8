import { Broken, isOp, isWord, type Token } from './ruby-token.js'
import { type Read, rubyTokens } from './ruby-tokens.js'

/** A statement, with what stands between its `do`, `if` or the like and its `end`. */
export interface Statement {
  readonly line: number
  /** What stands before the block. */
  readonly head: readonly Token[]
  /** What stands behind it, such as `if …`. */
  readonly tail: readonly Token[]
  /** What opened the block: `do`, `if`, `def`, …; null: it has none. */
  readonly opener: string | null
  readonly body: readonly Statement[]
}

interface Cursor {
  readonly tokens: readonly Token[]
  at: number
  depth: number
}

/** The statements of a Ruby file. */
export function rubyStatements(text: string): Read<Statement> {
  const { read: tokens, broken } = rubyTokens(text)
  const cursor: Cursor = { tokens, at: 0, depth: 0 }
  const read: Statement[] = []
  try {
    while (cursor.at < tokens.length) readOne(cursor, read)
    return { read, broken }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { read, broken: broken === null || error.line < broken.line ? error : broken }
  }
}

function readOne(cursor: Cursor, into: Statement[]): void {
  const token = cursor.tokens[cursor.at]
  if (token === undefined) return
  if (isBreak(token)) cursor.at++
  else if (isWord(token, 'end')) throw new Broken(token.line, 'an end that ends nothing')
  else into.push(readStatement(cursor))
}

function readBlock(cursor: Cursor, line: number): readonly Statement[] {
  const body: Statement[] = []
  if (++cursor.depth > 50) throw new Broken(line, 'a block with too many blocks in it')
  while (!isWord(cursor.tokens[cursor.at], 'end')) {
    if (cursor.at >= cursor.tokens.length) throw new Broken(line, 'a block without its end')
    readOne(cursor, body)
  }
  cursor.at++
  cursor.depth--
  return body
}

function readStatement(cursor: Cursor): Statement {
  const { line } = cursor.tokens[cursor.at] as Token
  const head: Token[] = []
  const body: Statement[] = []
  let opener: Token | null = null
  for (;;) {
    const token = cursor.tokens[cursor.at]
    if (token === undefined || (isWord(token, 'end') && !isOp(head.at(-1), '.', '&.'))) break
    if (isBreak(token)) {
      if (!goesOn(cursor, head.at(-1))) break
      cursor.at++
      continue
    }
    cursor.at++
    if (opens(cursor, token, head.at(-1))) {
      opener ??= token
      head.push(token)
      readOpening(cursor, token, head)
      body.push(...readBlock(cursor, token.line))
      head.push(cursor.tokens[cursor.at - 1] as Token)
    } else {
      head.push(token)
      if (isOp(token, '(', '[', '{')) readBrackets(cursor, token, head)
      if (isOp(token, ')', ']', '}')) throw new Broken(token.line, `a ${token.text} that closes nothing`)
    }
  }
  const at = opener === null ? head.length : head.indexOf(opener)
  return { line, head: head.slice(0, at), tail: head.slice(at + 1), opener: opener?.text ?? null, body }
}

/** The parameters of a block, or the condition of a loop: its own `do` opens nothing. */
function readOpening(cursor: Cursor, opener: Token, head: Token[]): void {
  if (isWord(opener, 'do')) skipParameters(cursor)
  if (!isWord(opener, 'while', 'until', 'for')) return
  for (let token = cursor.tokens[cursor.at]; token !== undefined && !isBreak(token); ) {
    cursor.at++
    if (isWord(token, 'do')) return
    head.push(token)
    token = cursor.tokens[cursor.at]
  }
}

function skipParameters(cursor: Cursor): void {
  if (!isOp(cursor.tokens[cursor.at], '|')) return
  const end = cursor.tokens.findIndex((token, at) => at > cursor.at && (isOp(token, '|') || token.kind === 'newline'))
  if (end !== -1) cursor.at = end + 1
}

/** To the bracket that closes this one; blocks in it are only counted. */
function readBrackets(cursor: Cursor, first: Token, head: Token[]): void {
  const open: Token[] = [first]
  let loop = false
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const token = cursor.tokens[cursor.at++]
    if (token === undefined) throw new Broken(top.line, `a ${top.text} that is not closed`)
    const before = cursor.tokens[cursor.at - 2]
    if (token.kind === 'newline') loop = false
    if (isOp(token, '(', '[', '{')) open.push(token)
    else if (isOp(token, ')', ']', '}') || (isWord(token, 'end') && !isOp(before, '.', '&.'))) close(open, top, token)
    else if (isWord(token, 'do') && loop) loop = false
    else if (opens(cursor, token, before)) {
      open.push(token)
      loop = isWord(token, 'while', 'until', 'for')
    }
    head.push(token)
  }
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

function close(open: Token[], top: Token, token: Token): void {
  if ((pairs[top.text] ?? 'end') !== token.text) throw new Broken(token.line, `a ${token.text} that closes nothing`)
  open.pop()
}

/** Whether an `end` belongs to it. The cursor is behind it. */
function opens(cursor: Cursor, token: Token, before: Token | undefined): boolean {
  if (token.kind !== 'word' || isOp(before, '.', '&.', '::')) return false
  if (isWord(token, 'do', 'case', 'begin', 'class', 'module', 'for')) return true
  if (isWord(token, 'def')) return !isOneLine(cursor)
  if (!isWord(token, 'if', 'unless', 'while', 'until')) return false
  if (before === undefined || before.kind === 'newline') return true
  if (before.kind === 'op') return !isOp(before, ')', ']', '}')
  return isWord(before, 'then', 'else', 'do', 'and', 'or', 'not', 'return', 'begin') || before.kind === 'label'
}

/** `def name = value` */
function isOneLine({ tokens, at }: Cursor): boolean {
  let next = at + 1
  if (isOp(tokens[next], '.')) next += 2
  if (isOp(tokens[next], '(') && tokens[next]?.spaced === false) {
    while (next < tokens.length && !isOp(tokens[next], ')') && tokens[next]?.kind !== 'newline') next++
    next++
  }
  return isOp(tokens[next], '=') && tokens[next]?.spaced === true
}

function isBreak(token: Token): boolean {
  return token.kind === 'newline' || isOp(token, ';')
}

/** Whether a line goes on below: after an operator, or before `.method`. */
function goesOn({ tokens, at }: Cursor, before: Token | undefined): boolean {
  if (isOp(tokens[at], ';')) return false
  if (before?.kind === 'label' || isWord(before, 'and', 'or', 'not')) return true
  if (before?.kind === 'op' && !isOp(before, ')', ']', '}')) return true
  const next = tokens.slice(at, at + 20).find(token => token.kind !== 'newline')
  return isOp(next, '.', '&.')
}
