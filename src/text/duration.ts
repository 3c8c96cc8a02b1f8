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

/** The time of day: `18:42:10`. */
export function clockText(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** How a duration is written, for error messages. */
export const durationForm = 'write it like 500ms, 30s, 5m, 1h or 1m30s, or as a number of seconds'

/** Every text that is a duration is in this form. */
export const durationPattern =
  /^\s*(?=\d)(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?h)?(?:\d+(?:\.\d+)?m)?(?:\d+(?:\.\d+)?s)?(?:\d+ms)?)\s*$/

const form = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/
const units = [3_600_000, 60_000, 1000, 1] as const
/** The longest time that a timer can wait. */
const longest = 2 ** 31 - 1

/** Milliseconds of `'30s'`, `'1m30s'`, or of a number of seconds; null when it is not a duration, or over `most` (24 days). */
export function parseDuration(value: string | number, most = longest): number | null {
  const ms = typeof value === 'number' ? value * 1000 : textMs(value.trim())
  if (ms === null || !(ms >= 0 && ms <= most)) return null
  return Math.round(ms)
}

/** The shortest text that parses back to the same duration: `10m`, `90s`, `500ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

function textMs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  const match = form.exec(text)
  if (match === null || text === '') return null
  return units.reduce((sum, unit, i) => sum + Number(match[i + 1] ?? 0) * unit, 0)
}
