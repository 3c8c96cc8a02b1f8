/** A value of the config, short enough for an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (value === null || ['number', 'boolean', 'bigint', 'undefined'].includes(typeof value)) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'function' ? 'a function' : `an ${typeof value}`
}
