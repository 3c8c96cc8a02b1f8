import { LeftAtOnce } from '../commands/context/io.js'
import type { Asked } from '../commands/invocation/dispatch.js'
import { createInvocation } from '../commands/invocation/invocation.js'
import { UsageError } from '../errors.js'
import { createStopper } from '../fleet/stop.js'
import { version } from '../package.js'
import { createOutput, type OutputStream } from '../render/output.js'
import type { Times } from '../state/protocol-times.js'
import { inCi } from '../text/in-ci.js'
import { type CompletionShell, completionScript } from './completion.js'
import { createProgram } from './program.js'

/** Milliseconds: a longer timer would end at once. */
const longestTimer = 2 ** 31 - 1

/** The commands that change something on hosts. */
const changing = new Set(
  'deploy promote rollback restart repair join maintenance prune lock unlock run demo'.split(' '),
)

/** What the command line takes from the process; the demo gives its own. */
export interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly stdinIsTTY: boolean
  /** Calls back for each signal that asks to stop; returns how to end that. */
  readonly onSignal: (listener: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void) => () => void
  /** Calls back when the process that started this one has ended; where nobody can be asked what that means. */
  readonly onOrphaned?: (listener: () => void) => () => void
  readonly exit: (code: number) => never
  /** What to type to start it again; `clonedeploy` unless said. */
  readonly program?: string
  readonly times?: Times
}

/** Runs one command line to its end; the exit code tells the state of the fleet (see errors.ts). */
export async function main(argv: readonly string[], world: Surroundings): Promise<number> {
  const stopper = createStopper()
  let signalCode: 130 | 143 | null = null
  let left = false
  let budget: NodeJS.Timeout | undefined
  const color = !argv.includes('--no-color')
  const output = createOutput(world, world.env, { color })
  let json = false
  let command = ''
  let changes = false
  const invocation = createInvocation({ ...world, output, stop: stopper.stop, argv, audience: null })
  const stop = (cause: string, reason: string, code: 130 | 143) => {
    signalCode = code
    const again = inCi(world.env) ? '' : ' Once more: leave things as they are.'
    output.aside(`\n${cause}: stopping. ${invocation.hasContacted() ? howItStops(command) : ''}${again}\n`)
    stopper.ask(reason)
  }
  const tell = async (error: unknown) => {
    const { tellError } = await import('./tell-error.js')
    const early = signalCode !== null && !invocation.hasContacted() ? signalCode : null
    return tellError(error, output, {
      command,
      stage: invocation.stage(),
      json,
      env: world.env,
      version: version(),
      code: early,
      propose: invocation.propose,
      argv,
      warnings: invocation.warnings(),
      keep: invocation.keep,
    })
  }
  const forget = world.onSignal(signal => {
    if (left) return
    if (invocation.hurry()) return
    if (signalCode !== null && inCi(world.env)) {
      // A runner that cancels a job sends one after the other: nobody has thought twice.
      output.aside(`\n${signal}: still at it.\n`)
      return
    }
    if (signalCode !== null) {
      left = true
      output.aside('\n')
      tell(new LeftAtOnce(invocation.hasContacted() && changes)).then(world.exit)
      return
    }
    stop(signal, `stopped by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`, signal === 'SIGTERM' ? 143 : 130)
  })
  const forgetParents = world.onOrphaned?.(() => {
    if (signalCode !== null) return
    if (invocation.hurry()) return
    stop('What started clonedeploy has ended', 'interrupted: the process that started it has ended', 143)
  })
  try {
    const asked = parse(argv, output.stdout)
    if (asked === null) return 0
    command = asked.command
    json = asked.flags.json === true
    if (command === 'completion') {
      output.stdout(
        completionScript(
          createProgram(version(), () => {}),
          asked.words[0] as CompletionShell,
        ),
      )
      return 0
    }
    changes = changing.has(command) && asked.flags.dryRun !== true
    const flags = tidied(asked.flags)
    if (typeof flags.timeout === 'number' && command !== 'run') {
      budget = setTimeout(
        () => stopper.ask(`the time budget (--timeout ${Number(flags.timeout) / 1000}s) is over`),
        Math.min(flags.timeout, longestTimer),
      )
    }
    const canAsk = world.stdinIsTTY && output.terminal.stderr.isTTY && flags.input !== false && !world.env.CI
    return await invocation.run({ ...asked, flags }, canAsk, (args, cwd) => main(args, { ...world, cwd }))
  } catch (error) {
    return tell(error)
  } finally {
    clearTimeout(budget)
    forget()
    forgetParents?.()
  }
}

/** Understands the command line; null when it only asked for help or the version, which were printed. Throws UsageError. */
function parse(argv: readonly string[], print: (text: string) => void): Asked | null {
  let asked: Asked | null = null
  const program = createProgram(version(), found => {
    asked = found
  })
  const usage: string[] = []
  for (const one of [program, ...program.commands])
    one.configureOutput({ writeOut: print, writeErr: text => usage.push(text), outputError: text => usage.push(text) })
  if (argv.length === 0) {
    print(program.helpInformation())
    return null
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    const { exitCode, message } = error as { readonly exitCode?: number; readonly message: string }
    if (exitCode === 0) return null
    if (exitCode === undefined) throw error
    throw new UsageError((usage[0] ?? message).replace(/^error: /, '').trim(), { next: ['see: clonedeploy --help'] })
  }
  return asked
}

function howItStops(command: string): string {
  return command === 'restart'
    ? 'Hosts that have begun to restart are seen through; no other begins.'
    : 'What was prepared is removed, what was swapped is put back.'
}

/** Empty lists are as if they were not given. */
function tidied(flags: Asked['flags']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => !(Array.isArray(value) && value.length === 0)))
}
