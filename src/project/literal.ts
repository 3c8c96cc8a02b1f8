/** A value as TypeScript is written by hand: in one line where it fits, else a line for each part. */
export function literal(value: unknown, indent: number, before: number): string {
  const line = inLine(value)
  if (before + line.length <= width || typeof value !== 'object' || value === null) return line
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const inner = ' '.repeat(indent + 2)
  const parts = partsOf(value).map(
    ([key, one]) => `${inner}${key}${literal(one, indent + 2, indent + 2 + key.length)},\n`,
  )
  return `${open}\n${parts.join('')}${' '.repeat(indent)}${close}`
}

const width = 110

function inLine(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const parts = partsOf(value).map(([key, one]) => `${key}${inLine(one)}`)
  return Array.isArray(value) ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`
}

function partsOf(value: object): readonly (readonly [key: string, value: unknown])[] {
  if (Array.isArray(value)) return value.map(one => ['', one] as const)
  return Object.entries(value).map(
    ([key, one]) => [`${/^[A-Za-z_]\w*$/.test(key) ? key : quoted(key)}: `, one] as const,
  )
}

/** JSON's escapes are JavaScript's, but for the quotes. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  if (!inner.includes("'")) return `'${inner}'`
  return inner.includes('"') ? `'${inner.replaceAll("'", "\\'")}'` : `"${inner}"`
}
