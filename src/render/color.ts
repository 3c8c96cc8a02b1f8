/** How much colour a stream takes, as chalk counts it: 0 none, 1 sixteen colours, 2 256, 3 all. */
export type ColorLevel = 0 | 1 | 2 | 3

/** The colour level of one stream. What is first in this list decides, so that a person can always say no. */
export function colorLevel(
  stream: { readonly isTTY: boolean },
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly color: boolean },
): ColorLevel {
  if (!flags.color || (env.NO_COLOR ?? '') !== '') return 0
  if (env.FORCE_COLOR !== undefined) return forced(env.FORCE_COLOR)
  if (env.TERM === 'dumb') return 0
  if (env.GITHUB_ACTIONS === 'true' || stream.isTTY) return 1
  return 0
}

function forced(value: string): ColorLevel {
  switch (value) {
    case '0':
    case 'false':
      return 0
    case '2':
      return 2
    case '3':
      return 3
    default:
      return 1
  }
}
