type Brush = (text: string) => string

/** What a piece of text means; how that looks is decided here only. */
export interface Paint {
  readonly good: Brush
  readonly bad: Brush
  readonly warn: Brush
  readonly strong: Brush
  readonly dim: Brush
  readonly accent: Brush
}

/** Paint of a stream without colour. */
export const noPaint: Paint = { good: same, bad: same, warn: same, strong: same, dim: same, accent: same }

export async function createPaint(level: ColorLevel): Promise<Paint> {
  if (level === 0) return noPaint
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level })
  return {
    good: text => chalk.green(text),
    bad: text => chalk.red(text),
    warn: text => chalk.yellow(text),
    strong: text => chalk.bold(text),
    dim: text => chalk.dim(text),
    accent: text => chalk.cyan(text),
  }
}

function same(text: string): string {
  return text
}

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
