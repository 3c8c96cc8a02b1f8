import { UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { linesOf } from '../fleet/app-log.js'
import { onEach } from '../fleet/each-host.js'
import { demandStates, inspectAll } from '../fleet/read/inspect.js'
import type { Session } from '../fleet/session.js'
import { logOf, logScript } from '../plan/app/processes.js'
import { type HostLog, logsText } from '../render/reports/logs.js'
import { jsonReport } from '../render/reports/report-json.js'
import { codes } from '../scripts/shell/codes.js'
import type { HostState } from '../state/host-state.js'
import { currentEntry, currentRelease } from '../state/releases.js'
import { type Context, inContext } from './context/context.js'
import type { AdoptFlags } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { orInterrupt, reachAll } from './context/read-fleet.js'

interface LogsFlags extends AdoptFlags {
  readonly release?: string
  readonly lines?: number
}

const usual = 50
const seconds = 30

/** `clonedeploy logs`: the last lines of the app's log, each with its host. Exit 6 when one could not be read. */
export async function logs(io: Io, flags: LogsFlags): Promise<ExitCode> {
  return inContext(io, flags, async context => {
    const { config, concurrency, hosts } = context
    if (hosts.every(host => logOf(config, host) === null))
      throw new UsageError('The configuration does not say where the log is.', { next: hints })
    io.contacted()
    const sessions = await reachAll(context)
    const fleet = demandOurs(context, flags, demandStates(await inspectAll(sessions, [], concurrency)))
    const read = onEach(fleet, concurrency, ({ session, state }) => readLog(context, flags, session, state))
    const found = await orInterrupt(context, read)
    const { app, stage } = config
    const exitCode = found.some(({ error }) => error !== null) ? 6 : 0
    const ended = { command: 'logs', result: exitCode === 0 ? 'done' : 'incomplete', exitCode, stage }
    if (flags.json) io.output.stdout(jsonReport(ended, { app, stage, hosts: found }))
    else tell(io, context, found)
    return exitCode
  })
}

const hints = ["set:  logs: 'journalctl -u shop -n 200 --no-pager'", "or:   logs: { file: 'shared/log/app.log' }"]

async function readLog(
  { config }: Context,
  { release = null, lines = usual }: { readonly release?: string | null; readonly lines?: number },
  session: Session,
  state: HostState,
): Promise<HostLog> {
  const { host } = session
  const source = logOf(config, host)
  if (source === null) return { name: host.name, source: null, lines: [], error: null }
  const served = {
    release: release ?? currentRelease(state) ?? '',
    revision: release === null ? (currentEntry(state)?.revision ?? null) : null,
    previous: null,
  }
  const { script, text } = logScript(config, host, state, source, { lines, release, timeout: seconds }, served)
  const { code, lost, stdout } = await session.run(script, { timeout: seconds * 1000 + 5000 })
  const told = linesOf(stdout)
  if (code === 0) return { name: host.name, source: text, lines: told, error: null }
  return { name: host.name, source: text, lines: [], error: errorWords(code, told, lost) }
}

function errorWords(code: number | null, told: readonly string[], lost: Error | null): string {
  if (code === codes.releaseMissing) return `${told[0]} does not exist`
  if (code === codes.folder) return 'there is no such release'
  return lost?.message ?? `exit code ${code}`
}

function tell({ output }: Io, { paint }: Context, found: readonly HostLog[]): void {
  output.stdout(logsText(found, paint))
  const width = Math.max(...found.map(({ name }) => name.length))
  for (const { name, error } of found) if (error !== null) output.stderr(`✖ ${name.padEnd(width)}   ${error}\n`)
}
