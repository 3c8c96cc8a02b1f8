import { type AskPassphrase, PASSPHRASE_TRIES } from '../../connection/ssh2/keys.js'
import type { Io } from './io.js'
import type { Screen } from './screen.js'

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
