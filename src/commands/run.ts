import { UsageError } from '../errors.js'
import { onEach } from '../fleet/each-host.js'
import { everything, outputLines } from '../fleet/output-lines.js'
import { demandStates, inspectAll } from '../fleet/read/inspect.js'
import { jsonReport } from '../render/reports/report-json.js'
import { codes } from '../scripts/shell/codes.js'
import { command } from '../scripts/shell/hook.js'
import { escapeLine } from '../text/escape.js'
import { inContext } from './context/context.js'
import type { AdoptFlags } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { orInterrupt, reachAll } from './context/read-fleet.js'

/** A line that the command printed on a host. */
interface Printed {
  readonly stream: 'stdout' | 'stderr'
  readonly line: string
}

/** How many of a host's last lines --json keeps: a command may print without end. */
const mostPrinted = 10_000

/** `clonedeploy run -- CMD`: a command in deployTo on hosts; every line says whose it is. Exit status of the worst, as ssh gives it. */
export async function run(io: Io, flags: AdoptFlags, words: readonly string[]): Promise<number> {
  if (words.length === 0) throw new UsageError('run needs a command: clonedeploy run -- uptime')
  return inContext(io, flags, async context => {
    io.contacted()
    const { concurrency, config } = context
    const fleet = demandOurs(context, flags, demandStates(await inspectAll(await reachAll(context), [], concurrency)))
    const width = Math.max(...fleet.map(({ state }) => state.name.length))
    const timeout = flags.timeout ?? 600_000
    const ended = await orInterrupt(
      context,
      onEach(fleet, concurrency, async ({ session, state }) => {
        const printed: Printed[] = []
        let omitted = 0
        const tell = (stream: 'stdout' | 'stderr', line: string) => {
          io.output[flags.json ? 'stderr' : stream](`${state.name.padEnd(width)} | ${escapeLine(line)}\n`)
          if (!flags.json) return
          printed.push({ stream, line })
          if (printed.length > mostPrinted) omitted += printed.splice(0, 1).length
        }
        const held: string[] = []
        const lines = outputLines((stream, line) => {
          if (stream === 'stderr') return tell(stream, line)
          if (line !== '' && !/^exit \d+$/.test(line)) for (const one of [...held.splice(0), line]) tell(stream, one)
          else held.push(line)
        }, everything)
        const result = await session.run(
          command(
            state.root,
            { folder: '.', run: words.join(' '), timeout: timeout / 1000 },
            { ...config.env, ...session.host.env },
          ),
          {
            timeout: timeout + 10_000,
            endless: true,
            onOutput: lines.write,
          },
        )
        lines.end()
        for (const line of result.code === codes.hook ? withoutLastWord(held) : held) tell('stdout', line)
        const code = result.code === 0 ? 0 : Number(/exit (\d+)\s*$/.exec(result.stdout.toString('latin1'))?.[1] ?? 255)
        const error = result.code === null ? (result.lost?.message ?? 'lost') : code === 0 ? null : `exit code ${code}`
        if (error !== null) io.output.stderr(`${state.name.padEnd(width)} | ✖ ${escapeLine(error)}\n`)
        return { name: state.name, exitCode: result.code === null ? null : code, error, omitted, output: printed, code }
      }),
    )
    const exits = ended.map(({ code }) => code)
    if (exits.includes(127) && config.hosts.some(({ name }) => name === words[0]))
      io.output.stderr(`\n  ${io.propose(hostHint(words))}\n`)
    const worst = Math.max(...exits)
    const { app, stage } = config
    const hosts = ended.map(({ code: _, ...host }) => host)
    const report = { command: 'run', result: worst === 0 ? 'done' : 'failed', exitCode: worst, stage }
    if (flags.json) io.output.stdout(jsonReport(report, { app, hosts }))
    return worst
  })
}

/** For a host that was typed where the command should begin. */
function hostHint([host, ...words]: readonly string[]): string {
  return `${host} is a host: clonedeploy run --only ${host} -- ${words.join(' ') || 'COMMAND'}`
}

/** The hook script ends a failure with an empty line and `exit CODE`: those are ours, whatever the command printed itself. */
function withoutLastWord(lines: readonly string[]): readonly string[] {
  const rest = lines.slice(0, -1)
  return rest.at(-1) === '' ? rest.slice(0, -1) : rest
}
