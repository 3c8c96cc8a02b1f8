import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beganAt, runsAmong } from './run-name.js'

const most = 100

/** Makes room for the events of one more run, and removes the logs that nobody has written to since the oldest run that is left. */
export function removeOldRuns(dir: string): void {
  const files = readdirSync(dir)
  const runs = runsAmong(files)
  const [oldest] = runs.slice(1 - most)
  if (runs.length < most || oldest === undefined) return
  for (const run of runs.slice(0, 1 - most)) rmSync(join(dir, `${run}.jsonl`), { force: true })
  const since = beganAt(oldest)
  for (const file of files.filter(name => name.endsWith('.log')))
    if (statSync(join(dir, file)).mtimeMs < since) rmSync(join(dir, file), { force: true })
}
