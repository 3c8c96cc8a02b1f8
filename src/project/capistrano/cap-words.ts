import { isOp, isWord, type Token } from './ruby-token.js'
import { argumentsOf } from './ruby-values.js'

const longest = 60

/** What stands there, without its texts: they may be secrets. */
export function excerpt(tokens: readonly Token[]): string {
  const text = tokens
    .slice(0, longest)
    .map((token, at) => `${token.spaced && at > 0 ? ' ' : ''}${shown(token)}`)
    .join('')
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

function shown({ kind, text, parts }: Token): string {
  switch (kind) {
    case 'text':
      return parts.length === 0 ? "''" : "'…'"
    case 'list':
      return '%w[…]'
    case 'code':
      return '…'
    case 'symbol':
      return `:${text}`
    case 'label':
      return `${text}:`
    case 'newline':
      return ' '
    default:
      return text
  }
}

/** Tasks that a line names, such as `'deploy:updated', :restart`. */
export function names(tokens: readonly Token[]): string {
  const found = argumentsOf(tokens).flatMap(value => {
    if (value.kind === 'plain') return [String(value.value)]
    if (value.kind === 'text') return [value.parts.map(part => (typeof part === 'string' ? part : '…')).join('')]
    return value.kind === 'hash' ? value.entries.map(({ key }) => key) : []
  })
  return found.join(', ')
}

/** The statement up to `if …` and the like; null: it always runs. */
export function condition(head: readonly Token[]): number | null {
  let depth = 0
  for (const [at, token] of head.entries()) {
    if (isOp(token, '(', '[', '{')) depth++
    if (isOp(token, ')', ']', '}')) depth--
    const ends = isWord(token, 'if', 'unless', 'while', 'until', 'rescue', 'and', 'or') || isOp(token, '&&')
    if (depth === 0 && at > 0 && ends && !isOp(head[at - 1], '.', '&.')) return at
  }
  return null
}
