import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { notesOf } from '../../artifact/cache/store.js'
import { fitting, fleetRecord } from '../../fleet/read/records.js'
import type { Known } from '../../state/evidence/vouched-record.js'
import type { FleetRecord } from '../../state/host-state.js'
import type { Context } from './context.js'

const most = 100

/** What this machine knows of the stage's fleet: the records that its own runs have written, and whose word the user takes. */
export function knownHere(
  { cacheDir, config }: Pick<Context, 'cacheDir' | 'config'>,
  trusted: string | null = null,
): Known {
  const records = recordsIn(cacheDir)
  return { records: records.filter(({ app, stage }) => app === config.app && stage === config.stage), trusted }
}

/** Digests of what each stage of this project got last, as many as hosts keep releases. */
export function lastDigests({ cacheDir, config }: Pick<Context, 'cacheDir' | 'config'>): readonly string[] {
  const records = recordsIn(cacheDir)
  const later = ({ app, stage }: FleetRecord, i: number) =>
    records.slice(i + 1).filter(other => other.app === app && other.stage === stage)
  const last = records.filter((record, i) => later(record, i).length < config.keepReleases)
  return last.flatMap(({ digest }) => digest ?? [])
}

function recordsIn(cacheDir: string): readonly FleetRecord[] {
  return linesIn(notesOf(cacheDir, 'records')).flatMap(line => fitting(fleetRecord, line) ?? [])
}

/** Keeps the record of a run that hosts have confirmed. What cannot be kept here must not stop what is done there. */
export function keepRecord({ cacheDir }: Pick<Context, 'cacheDir'>, record: string): void {
  const file = notesOf(cacheDir, 'records')
  if (file === null) return
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const lines = [...linesIn(file).filter(line => line !== ''), record].slice(-most)
    writeFileSync(`${file}.${process.pid}`, `${lines.join('\n')}\n`, { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  } catch {}
}

/** One line of JSON for each run, the last one last. */
function linesIn(file: string | null): readonly string[] {
  try {
    return file === null ? [] : readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
