import type { Surroundings } from '../../src/cli/main.js'
import type { Times } from '../../src/state/protocol-times.js'
import { demandSchemas } from '../schemas/demand.js'

export interface Here {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly times?: Times
  /** How it hears of signals; none comes unless said. */
  readonly onSignal?: Surroundings['onSignal']
  /** Called with what is written on stderr, as it is written. */
  readonly hear?: (text: string) => void
}

/** Runs a command line in this process, as one that nobody can be asked in; what it wrote, and its exit code. JSON that it wrote is held to its schema. */
export async function runHere(
  argv: readonly string[],
  { cwd, env, times, onSignal = () => () => {}, hear = () => {} }: Here,
) {
  const { main } = await import('../../src/cli/main.js')
  const text = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    destroyed: false,
    on: () => {},
    write(chunk: string) {
      text[name] += chunk
      if (name === 'stderr') hear(chunk)
      return true
    },
  })
  const code = await main(argv, {
    cwd,
    env,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdinIsTTY: false,
    onSignal,
    exit: status => {
      throw new Error(`it wanted to end the process with ${status}`)
    },
    ...(times === undefined ? {} : { times }),
  })
  demandSchemas(text.stdout)
  return { code, ...text }
}
