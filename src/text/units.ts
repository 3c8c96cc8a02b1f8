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

/** Of milliseconds: `41 ms`, `9.8s`, `31s`, `1m 12s`, `2h 5m`. */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 100) return `${tenths / 10}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${seconds % 60 === 0 ? '' : ` ${seconds % 60}s`}`
  return `${Math.floor(minutes / 60)}h${minutes % 60 === 0 ? '' : ` ${minutes % 60}m`}`
}

/** How long ago an ISO 8601 time was, in one unit: `41s`, `3m`, `5h`, `1d`; `?` for what is no time. */
export function agoText(iso: string, now: Date): string {
  const seconds = Math.floor((now.getTime() - Date.parse(iso)) / 1000)
  if (Number.isNaN(seconds)) return '?'
  if (seconds < 60) return `${Math.max(0, seconds)}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** Minutes and seconds since the start of a run: `00:13`. */
export function stampText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
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

function two(value: number): string {
  return String(value).padStart(2, '0')
}
