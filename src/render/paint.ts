import type { ColorLevel } from './color.js'

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
