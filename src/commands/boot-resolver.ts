import type { ExitCode } from '../exit-code.js'
import { jsonReport } from '../render/reports/report-json.js'
import { bootResolver as filesOf } from '../scripts/transaction/boot-resolver.js'
import { shipped } from '../state/protocol-times.js'
import { configFor } from './context/context.js'
import type { CommonFlags } from './context/flags.js'
import type { Io } from './context/io.js'

/** `clonedeploy boot-resolver`: prints what to put on each host so that a reboot in mid-deploy does not leave it in doubt. Contacts nobody. */
export async function bootResolver(io: Io, flags: CommonFlags): Promise<ExitCode> {
  const config = await configFor(io, flags)
  const users = new Set(config.hosts.map(({ user }) => user ?? null))
  const files = filesOf({
    app: config.app,
    stage: config.stage,
    folders: [...new Set(config.hosts.map(({ deployTo }) => deployTo))],
    lease: shipped.lease,
    user: users.size === 1 ? ([...users][0] ?? null) : null,
  })
  io.output.stdout(
    flags.json
      ? jsonReport({ command: 'boot-resolver', result: 'done', exitCode: 0, stage: config.stage }, files)
      : files.script,
  )
  return 0
}
