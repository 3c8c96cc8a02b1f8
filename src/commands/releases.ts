import type { ExitCode } from '../errors.js'
import { listReleases } from '../plan/list-releases.js'
import { releasesJson, releasesText } from '../render/releases.js'
import { openContext } from './context.js'
import type { CommonFlags } from './flags.js'
import type { Io } from './io.js'
import { readFleet } from './status.js'
import { leave } from './survey.js'

/** `clonedeploy releases`: every release and where it is. A host that cannot be read is named and makes it exit 6. */
export async function releases(io: Io, flags: CommonFlags): Promise<ExitCode> {
  const context = await openContext(io, flags)
  try {
    const { fleet, read } = await readFleet(context)
    leave(read)
    const report = listReleases(
      context.config.app,
      context.config.stage,
      read.map(({ state }) => state),
    )
    io.output.stdout(
      flags.json ? `${JSON.stringify(releasesJson(report))}\n` : releasesText(report, context.paint, io.now()),
    )
    const unread = fleet.hosts.filter(({ state }) => state === null)
    for (const { name, error } of unread) io.output.stderr(`✖ ${name} could not be read: ${error ?? 'no answer'}\n`)
    return unread.length === 0 ? 0 : 6
  } finally {
    await context.close()
  }
}
