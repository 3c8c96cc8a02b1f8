const unsafe = /[^\P{Cc}\t]|[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu
const longest = 2000

/**
 * One line of foreign text, fit for a terminal: control characters, direction marks and halves of characters are
 * shown as `\x1b` or `\u202e`, tabs are kept, and what is longer than `limit` characters is cut.
 */
export function escapeLine(line: string, limit: number = longest): string {
  const rest = line.length - limit
  if (rest > 0) return `${line.slice(0, limit).replace(unsafe, escaped)}… (${rest} more characters)`
  return line.replace(unsafe, escaped)
}

/** The lines of foreign text, each of them escaped. */
export function escapeLines(text: string, limit: number = longest): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.length > 1 && lines.at(-1) === '') lines.pop()
  return lines.map(line => escapeLine(line, limit))
}

/** Bytes that should be UTF-8: what is not becomes U+FFFD. */
export function escapeBytes(bytes: Uint8Array, limit: number = longest): string {
  return escapeLine(new TextDecoder().decode(bytes), limit)
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
