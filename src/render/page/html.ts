import { escapeLine } from '../../text/escape.js'

/** Markup that is safe as it is: only `html` makes some. */
export interface Html {
  readonly markup: string
}

type Part = string | number | Html | readonly Html[] | null

/**
 * Markup, with every value in it quoted for where it stands: between tags, or in an attribute with double quotes. Texts may be
 * anybody's; what would turn the direction of writing, or is no character, is shown by its number. Null is nothing.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: texts.map((text, i) => text + quoted(parts[i] ?? null)).join('') }
}

function quoted(part: Part): string {
  if (part === null) return ''
  if (typeof part === 'number') return String(part)
  if (typeof part !== 'string') return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('')
  const lines = part.split('\n').map(line => escapeLine(line, Number.POSITIVE_INFINITY))
  return lines.join('\n').replace(/[&<>"'`]/g, character => `&#${character.charCodeAt(0)};`)
}
