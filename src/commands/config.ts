import { configJson, describeConfig } from '../config/describe.js'
import type { ExitCode } from '../exit-code.js'
import { jsonReport } from '../render/reports/report-json.js'
import { configFor } from './context/context.js'
import type { CommonFlags } from './context/flags.js'
import type { Io } from './context/io.js'

/** `clonedeploy config`: what the configuration comes to for a stage. No host is contacted, no secret read. */
export async function config(io: Io, flags: CommonFlags): Promise<ExitCode> {
  const resolved = await configFor(io, flags)
  io.output.stdout(
    flags.json
      ? jsonReport({ command: 'config', result: 'done', exitCode: 0, stage: resolved.stage }, configJson(resolved))
      : `${describeConfig(resolved).trimEnd()}\n`,
  )
  return 0
}
