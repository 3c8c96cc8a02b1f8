/**
 * What the app may write in its release, as an extended regular expression over whole paths: `*` stands for some characters
 * of a name, `**` for folders; what lies below a match is meant too. Null where there is nothing.
 */
export function writableExpression(patterns: readonly string[]): string | null {
  return patterns.length === 0 ? null : `(${patterns.map(expression).join('|')})(/[^/]+)*`
}

function expression(pattern: string): string {
  const parts = pattern.split('/')
  return parts.map((part, i) => segment(part, i === parts.length - 1)).join('')
}

function segment(part: string, isLast: boolean): string {
  if (part === '**') return isLast ? '[^/]+' : '([^/]+/)*'
  const name = part
    .replace(/[.+^$(){}|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return isLast ? name : `${name}/`
}
