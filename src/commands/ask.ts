import { UsageError } from '../errors.js'
import type { Context } from './context.js'
import type { CommonFlags } from './flags.js'
import { Interrupted } from './interrupted.js'

/** Asks for a yes: --yes says it beforehand; where nobody can be asked and it was not said, exit 2 names the flag. */
export async function askToGoOn(context: Context, flags: CommonFlags, question: string, why: string): Promise<void> {
  if (flags.yes) return
  if (!context.io.canAsk) {
    throw new UsageError(
      `${why}: pass --yes (nobody can be asked: stdin or stderr is not a terminal, or --no-input was given).`,
    )
  }
  const { confirm } = await import('@clack/prompts')
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr })
  if (answer !== true) throw new Interrupted('you said no')
}
