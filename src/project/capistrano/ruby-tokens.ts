import { readQuoted, readWords, skipHeredocs } from './ruby-quotes.js'
import { Broken, found, isOp, type Part, type Scanner, type Token, take } from './ruby-token.js'

export interface Read<T> {
  readonly read: readonly T[]
  /** Where it ended too early; null: all was read. */
  readonly broken: Broken | null
}

/** The tokens of a Ruby file, without its comments. */
export function rubyTokens(text: string): Read<Token> {
  const scanner: Scanner = { text: text.replaceAll('\r\n', '\n'), at: 0, line: 1, depth: 0, heredocs: [] }
  const read: Token[] = []
  try {
    scanAll(scanner, read, false)
    return { read, broken: null }
  } catch (error) {
    if (error instanceof Broken) return { read, broken: error }
    throw error
  }
}

/** To the end of the text, or to the `}` of an interpolation. */
function scanAll(scanner: Scanner, tokens: Token[], inside: boolean): void {
  const { line } = scanner
  let braces = 0
  if (!inside && skipAtStart(scanner)) return
  while (scanner.at < scanner.text.length) {
    const spaced = skipBlanks(scanner)
    if (scanner.at >= scanner.text.length || '\0\x04\x1a'.includes(scanner.text[scanner.at] ?? '')) break
    const token = scan(scanner, tokens.at(-1), spaced)
    if (isOp(token, '{')) braces++
    if (isOp(token, '}') && braces-- === 0 && inside) return
    tokens.push(token)
    if (token.kind === 'newline' && !inside && skipAtStart(scanner)) return
  }
  if (inside) throw new Broken(line, 'an interpolation that does not end')
  if (scanner.heredocs.length > 0) skipHeredocs(scanner)
}

function inner(scanner: Scanner): readonly Token[] {
  const tokens: Token[] = []
  if (++scanner.depth > 20) throw new Broken(scanner.line, 'a text with too many texts in it')
  scanAll(scanner, tokens, true)
  scanner.depth--
  return tokens
}

/** What only the start of a line can be: heredocs' text, `=begin`, `__END__`. Whether the file ends here. */
function skipAtStart(scanner: Scanner): boolean {
  skipHeredocs(scanner)
  const { line } = scanner
  if (found(scanner, /=begin(?=\s)/y)) {
    const comment = found(scanner, /=begin\s[\s\S]*?\n=end[^\n]*/y)
    if (comment === null) throw new Broken(line, 'a comment without its =end')
    take(scanner, comment[0].length)
  }
  return found(scanner, /__END__(\n|$)/y) !== null
}

function skipBlanks(scanner: Scanner): boolean {
  const blanks = found(scanner, /(?:[ \t\r\f\v]|\\\n|#[^\n]*)+/y)?.[0] ?? ''
  take(scanner, blanks.length)
  return blanks !== ''
}

/** One token. The one before tells what `/`, `%` and `<<` mean. */
function scan(scanner: Scanner, before: Token | undefined, spaced: boolean): Token {
  const { line } = scanner
  const token = (kind: Token['kind'], text: string, more: Partial<Token> = {}): Token => {
    return { kind, text, parts: [], items: [], line, spaced, ...more }
  }
  const taken = (pattern: RegExp): RegExpExecArray | null => {
    const match = found(scanner, pattern)
    if (match !== null) take(scanner, match[0].length)
    return match
  }
  const quoted = (open: string, plain: boolean) => textToken(token, readQuoted(scanner, open, plain ? null : inner))
  if (taken(/\n/y)) return token('newline', '\n')
  const quote = taken(/['"]/y)?.[0]
  if (quote !== undefined) return labelled(scanner, quoted(quote, quote === "'"))
  if (taken(/`/y)) return { ...quoted('`', false), kind: 'code' }
  const symbol = taken(/:([A-Za-z_]\w*(?:[?!]|=(?![=>~]))?)/y)?.[1]
  if (symbol !== undefined) return token('symbol', symbol)
  const name = taken(/:(['"])/y)?.[1]
  if (name !== undefined) return asSymbol(quoted(name, name === "'"))
  const label = taken(/([A-Za-z_]\w*[?!]?):(?!:)/y)?.[1]
  if (label !== undefined) return token('label', label)
  const word = taken(/(?:@@?|\$)?[\p{L}_][\p{L}\w]*(?:[?!](?![=~]))?|\$(?:\d+|[^\w\s])/uy)?.[0]
  if (word !== undefined) return token('word', word)
  const number = taken(/\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\w*/y)?.[0]
  if (number !== undefined) return token('number', number.replaceAll('_', ''))
  if (mayBeLiteral(scanner, before, spaced)) {
    const literal = taken(/%([wWiIqQrxs]?)([([{<|!/])/y)
    if (literal !== null) return percent(scanner, token, literal[1] ?? '', literal[2] ?? '')
    const heredoc = taken(/<<([~-]?)(["'`]?)([A-Za-z_]\w*)\2/y)
    if (heredoc !== null) return begun(scanner, token('code', '<<'), heredoc)
    if (taken(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y)) return token('code', '//')
    if (taken(/\?\S(?!\w)/y)) return token('code', '?')
  }
  const op = taken(
    /\*\*=|\|\|=|&&=|<=>|===|\.\.\.|<<=|=>|->|\|\||&&|==|!=|=~|!~|<=|>=|[-+*/%|&^]=|<<|>>|::|&\.|\.\.|\*\*/y,
  )
  return token('op', op?.[0] ?? take(scanner, 1))
}

type Make = (kind: Token['kind'], text: string, more?: Partial<Token>) => Token

function textToken(make: Make, parts: readonly Part[]): Token {
  return make('text', '', { parts: parts.filter(part => part !== '') })
}

/** `"name": value` */
function labelled(scanner: Scanner, text: Token): Token {
  const [name = '', ...more] = text.parts
  if (typeof name !== 'string' || more.length > 0 || found(scanner, /:(?!:)/y) === null) return text
  take(scanner, 1)
  return { ...text, kind: 'label', text: name, parts: [] }
}

function asSymbol(text: Token): Token {
  const [name = '', ...more] = text.parts
  const plain = typeof name === 'string' && more.length === 0
  return plain ? { ...text, kind: 'symbol', text: name, parts: [] } : { ...text, kind: 'code' }
}

function percent(scanner: Scanner, make: Make, letter: string, open: string): Token {
  if (letter !== '' && 'wWiI'.includes(letter)) {
    const items = readWords(scanner, open, letter)
    return items === null ? make('code', '%w') : make('list', letter, { items })
  }
  const text = textToken(make, readQuoted(scanner, open, letter === 'q' || letter === 's' ? null : inner))
  return letter === '' || letter === 'q' || letter === 'Q' ? text : { ...text, kind: 'code' }
}

function begun({ heredocs, line }: Scanner, token: Token, [, dash, , end = '']: RegExpExecArray): Token {
  heredocs.push({ end, indented: dash !== '', line })
  return token
}

/** After a value, `/`, `%` and `<<` are operators; after the name of a method, the blanks tell. */
function mayBeLiteral(scanner: Scanner, before: Token | undefined, spaced: boolean): boolean {
  if (before === undefined || before.kind === 'newline' || before.kind === 'label') return true
  if (before.kind === 'op') return !isOp(before, ')', ']', '}')
  if (before.kind !== 'word') return false
  return keywords.has(before.text) || (spaced && found(scanner, /<<\S|[^<]\S/y) !== null)
}

const keywords = new Set([
  'if',
  'unless',
  'while',
  'until',
  'and',
  'or',
  'not',
  'when',
  'then',
  'else',
  'elsif',
  'return',
  'do',
  'in',
])
