/** Text of a host that would act on a terminal: a title, a cleared screen, a line written over, C1, a bell, a turned direction. */
export const evil = 'evil\x1b]0;title\x07\x1b[2J\rover\x9b31m\x7f\u202eback\u2028'

/** Characters that do something to a terminal; newlines are ours, and so are tabs. */
export const acting = /[^\P{Cc}\n\t]|[\p{Bidi_Control}\u2028\u2029]/u

/** Every text in a value, however deep; of an error also its message. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const message = value instanceof Error ? [value.message] : []
  return [...message, ...Object.entries(value).flatMap(([key, one]) => [key, ...textsIn(one)])]
}
