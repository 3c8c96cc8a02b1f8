import { writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { findConfig } from '../../config/load/find.js'
import { PreflightError, UsageError } from '../../errors.js'
import type { ExitCode } from '../../exit-code.js'
import { version } from '../../package.js'
import { runPage } from '../../render/page/run-page.js'
import { jsonReport } from '../../render/reports/report-json.js'
import type { CommonFlags } from '../context/flags.js'
import type { Io } from '../context/io.js'
import { keptRun } from './kept-runs.js'

interface ReportFlags extends CommonFlags {
  readonly html?: string
}

/** `clonedeploy report`: a run that is kept here as a page. No host is contacted, and no configuration is read, only found. */
export async function report(io: Io, flags: ReportFlags, name: string | null): Promise<ExitCode> {
  const { html } = flags
  if (html === undefined)
    throw new UsageError('report writes a page, and has to know where.', {
      next: [io.again('--html report.html')],
    })
  const root = dirname(await findConfig(io.cwd, flags.config))
  const { run, story } = keptRun(join(root, '.clonedeploy/logs'), { name, stage: flags.stage ?? null })
  const path = resolve(io.cwd, html)
  write(path, html, runPage(story, { run, version: version() }))
  const { stage } = story.start
  const file = relative(io.cwd, path) || path
  const ended = { command: 'report', result: 'done', exitCode: 0, stage }
  io.output.stdout(flags.json ? jsonReport(ended, { run, file }) : `Wrote ${file}, the run ${run}\n`)
  return 0
}

function write(path: string, shown: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new PreflightError(`${shown} cannot be written: ${why}.`, { changed: 'nothing', cause: error })
  }
}
