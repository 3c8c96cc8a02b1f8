/** `1 host`, `3 hosts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `the host`, `both hosts`, `all 3 hosts`. */
export function everyHost(count: number): string {
  return count === 1 ? 'the host' : count === 2 ? 'both hosts' : `all ${count} hosts`
}

/** What hosts have lost: `removed 1 old release on each host`, `removed 1 old release on web-1 and 4 on web-2`. */
export function removedText(counts: ReadonlyMap<string, number>): string {
  const [first = 0] = counts.values()
  if ([...counts.values()].every(count => count === first))
    return `removed ${counted(first, 'old release')}${counts.size > 1 && first > 0 ? ' on each host' : ''}`
  const some = [...counts].filter(([, count]) => count > 0)
  const text = some.map(([name, count], i) => `${i === 0 ? counted(count, 'old release') : count} on ${name}`)
  return `removed ${listed(text, 8)}`
}

/** `web-1: no space left`; a text that begins with the name stays as it is. */
export function named(name: string, text: string): string {
  return text.startsWith(`${name} `) ? text : `${name}: ${text}`
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Who says what, what most say first: `web-1 and web-2: v20`, `web-3: v18`. */
export function byWhat(said: readonly (readonly [name: string, text: string])[]): readonly string[] {
  const groups = new Map<string, string[]>()
  for (const [name, text] of said) groups.set(text, [...(groups.get(text) ?? []), name])
  const parts = [...groups].sort(([, a], [, b]) => b.length - a.length)
  return parts.map(([text, names]) => `${listed(names)}: ${text}`)
}

/** `web-1`, `web-1 and web-2`, `web-1, web-2 and 3 more`. */
export function listed(names: readonly string[], most = 3): string {
  if (names.length <= 1) return names[0] ?? ''
  if (names.length <= most) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${names.slice(0, most - 1).join(', ')} and ${names.length - most + 1} more`
}
