import { UsageError } from '../../errors.js'
import type { Context } from './context.js'
import type { CommonFlags } from './flags.js'
import { CalledOff, Interrupted, type Io } from './io.js'

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
export async function saysYes(question: string, signal?: AbortSignal): Promise<boolean> {
  const { confirm, settings } = await import('@clack/prompts')
  // As in vi, `l` would mean right, so that a typed-ahead `ls` says yes.
  for (const letter of ['h', 'j', 'k', 'l']) settings.aliases.delete(letter)
  return (
    (await confirm({
      message: question,
      initialValue: false,
      output: process.stderr,
      ...(signal === undefined ? {} : { signal }),
    })) === true
  )
}

/** Questions that belong together, one below the other. One that is called off throws, and ends them all. */
export interface Form {
  readonly text: (question: TextQuestion) => Promise<string>
  readonly choice: <T extends string>(message: string, choices: readonly Choice<T>[], first: T) => Promise<T>
  readonly say: (...lines: readonly string[]) => void
  readonly end: (text: string) => void
}

interface TextQuestion {
  readonly message: string
  /** What stands there to be changed, or only as an example. */
  readonly initial?: string
  readonly example?: string
  /** What is wrong with an answer. */
  readonly problem: (answer: string) => string | undefined
}

interface Choice<T> {
  readonly value: T
  readonly label: string
}

/** Only where somebody can be asked. */
export async function openForm(io: Io, title: string): Promise<Form> {
  const { intro, isCancel, log, outro, select, text } = await import('@clack/prompts')
  const output = process.stderr
  const over = new AbortController()
  io.stop.asked.then(() => over.abort())
  const answer = async <T>(asking: Promise<unknown>): Promise<T> => {
    const given = await asking
    const stopped = io.stop.reason()
    if (stopped !== null) throw new Interrupted(stopped)
    if (isCancel(given)) throw new CalledOff()
    return given as T
  }
  intro(title, { output })
  return {
    text: async ({ message, initial, example, problem }) => {
      const options = { ...(initial ? { initialValue: initial } : {}), ...(example ? { placeholder: example } : {}) }
      const validate = (value: string | undefined) => problem((value ?? '').trim())
      const common = { output, signal: over.signal, message, validate }
      return (await answer<string>(text({ ...common, ...options }))).trim()
    },
    choice: (message, choices, first) =>
      answer(select({ output, signal: over.signal, message, options: [...choices] as never[], initialValue: first })),
    say: (...lines) => log.message([...lines], { output }),
    end: line => outro(line, { output }),
  }
}
