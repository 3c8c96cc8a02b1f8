const sizes = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `940 B`, `38.1 MB`, `210 MB`: powers of ten, at most three digits that matter. */
export function bytesText(bytes: number): string {
  const power = powerOf(bytes)
  return `${inUnit(bytes, power)} ${sizes[power]}`
}

/** `4.1/12.4 MB`: both in the unit of the whole. */
export function partText(done: number, total: number): string {
  const power = powerOf(total)
  return `${inUnit(done, power)}/${inUnit(total, power)} ${sizes[power]}`
}

export function percent(done: number, total: number): number {
  return total <= 0 ? 0 : Math.min(100, Math.floor((done / total) * 100))
}

function powerOf(bytes: number): number {
  let power = 0
  while (power < sizes.length - 1 && bytes / 1000 ** power >= 999.5) power++
  return power
}

function inUnit(bytes: number, power: number): string {
  const value = bytes / 1000 ** power
  return power === 0 || value >= 99.95 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)
}
