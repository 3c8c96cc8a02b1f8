import type { ExitCode } from '../exit-code.js'
import { releasesJson, releasesText } from '../render/reports/releases.js'
import { jsonReport } from '../render/reports/report-json.js'
import { ownedByOthers } from '../state/evidence/owner.js'
import { listReleases } from '../state/releases.js'
import { escapeLine } from '../text/escape.js'
import { inContext } from './context/context.js'
import type { CommonFlags } from './context/flags.js'
import type { Io } from './context/io.js'
import { readFleet } from './status.js'

/** `clonedeploy releases`: every release and where it is. A host that cannot be read, or is not ours, is named and makes it exit 6. */
export async function releases(io: Io, flags: CommonFlags): Promise<ExitCode> {
  return inContext(io, flags, async context => {
    const { fleet, read } = await readFleet(context)
    const { app, stage } = context.config
    const states = read.map(({ state }) => state)
    const report = listReleases(app, stage, states)
    const unread = fleet.hosts.filter(({ state }) => state === null)
    for (const { name, error } of unread) io.output.stderr(`✖ ${name} could not be read: ${error ?? 'no answer'}\n`)
    const owned = ownedByOthers(states, context.config)
    for (const { host, text } of owned) io.output.stderr(`✖ ${host}: ${escapeLine(text)}\n`)
    const exitCode = unread.length + owned.length === 0 ? 0 : 6
    const ended = { command: 'releases', result: exitCode === 0 ? 'done' : 'incomplete', exitCode, stage }
    io.output.stdout(
      flags.json ? jsonReport(ended, releasesJson(report)) : releasesText(report, context.paint, io.now()),
    )
    return exitCode
  })
}
