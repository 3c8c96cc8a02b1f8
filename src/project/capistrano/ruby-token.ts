/** A piece of Ruby text. Nothing of it is ever run. */
export interface Token {
  readonly kind: 'word' | 'symbol' | 'label' | 'number' | 'op' | 'text' | 'list' | 'code' | 'newline'
  /** A word, a name, an operator; of a list its letter; '' of what has parts. */
  readonly text: string
  /** Of a text. */
  readonly parts: readonly Part[]
  /** Of a list such as `%w[a b]`. */
  readonly items: readonly string[]
  readonly line: number
  /** Whether white space stands before it. */
  readonly spaced: boolean
}

/** What stands in a text: characters, or the tokens of an interpolation. No token: what cannot be read. */
export type Part = string | readonly Token[]

/** A text that is being read. */
export interface Scanner {
  readonly text: string
  at: number
  line: number
  depth: number
  readonly heredocs: { readonly end: string; readonly indented: boolean; readonly line: number }[]
}

/** Where the text is no Ruby that is understood here; what stands before it was read. */
export class Broken extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message)
  }
}

/** What a sticky pattern finds at the place that is being read. */
export function found(scanner: Scanner, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = scanner.at
  return pattern.exec(scanner.text)
}

/** Goes over these characters, and counts their lines. */
export function take(scanner: Scanner, length: number): string {
  const taken = scanner.text.slice(scanner.at, scanner.at + length)
  scanner.at += length
  for (const character of taken) if (character === '\n') scanner.line++
  return taken
}

export function isOp(token: Token | undefined, ...texts: readonly string[]): boolean {
  return token?.kind === 'op' && texts.includes(token.text)
}

export function isWord(token: Token | undefined, ...texts: readonly string[]): boolean {
  return token?.kind === 'word' && texts.includes(token.text)
}
