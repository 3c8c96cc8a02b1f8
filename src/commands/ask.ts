import { type AskPassphrase, PASSPHRASE_TRIES } from '../connection/keys.js'
import { UsageError } from '../errors.js'
import type { Context } from './context.js'
import type { CommonFlags } from './flags.js'
import { Interrupted } from './interrupted.js'
import type { Io } from './io.js'
import type { Screen } from './screen.js'

/** Asks for a yes: --yes says it beforehand; where nobody can be asked and it was not said, exit 2 names the flag. */
export async function askToGoOn(context: Context, flags: CommonFlags, question: string, why: string): Promise<void> {
  if (flags.yes) return
  if (!context.io.canAsk) {
    throw new UsageError(
      `${why}: pass --yes (nobody can be asked: stdin or stderr is not a terminal, or --no-input was given).`,
    )
  }
  if (!(await context.asking(() => saysYes(question)))) throw new Interrupted('you said no')
}

/** Whether a person says yes. Only where somebody can be asked. */
export async function saysYes(question: string): Promise<boolean> {
  const { confirm } = await import('@clack/prompts')
  return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true
}

/** Asks for the passphrase of a key file, unseen; null where nobody can be asked. */
export function passphraseAsker(io: Io, screen: Pick<Screen, 'asking'>): AskPassphrase | null {
  if (!io.canAsk) return null
  return (path, tries) =>
    screen.asking(async () => {
      const { password } = await import('@clack/prompts')
      const again = tries === 0 ? '' : `That was not it (${tries} of ${PASSPHRASE_TRIES}). `
      const answer = await password({ message: `${again}Passphrase of ${path}`, output: process.stderr })
      return typeof answer === 'string' ? answer : null
    })
}
