/** How a duration is written, for error messages. */
export const durationForm = 'write it like 500ms, 30s, 5m, 1h or 1m30s, or as a number of seconds'

const form = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/
const units = [3_600_000, 60_000, 1000, 1] as const
/** The longest time that a timer can wait. */
const longest = 2 ** 31 - 1

/** Milliseconds of `'30s'`, `'1m30s'`, or of a number of seconds; null when it is not a duration (or over 24 days). */
export function parseDuration(value: string | number): number | null {
  const ms = typeof value === 'number' ? value * 1000 : textMs(value.trim())
  if (ms === null || !(ms >= 0 && ms <= longest)) return null
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
