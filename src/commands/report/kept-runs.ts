import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PreflightError } from '../../errors.js'
import { type Story, storyOf } from '../../render/page/story.js'
import { listed } from '../../text/phrases.js'
import { suggest } from '../../text/suggest.js'
import { runsAmong } from '../context/logs/run-name.js'
import { keptEvents } from './kept-events.js'

interface Kept {
  readonly run: string
  readonly story: Story
}

/** What a run is asked for by: its name, or the release that it was about; null: the newest. */
interface Wanted {
  readonly name: string | null
  readonly stage: string | null
}

/** The newest kept run of this folder that is asked for. Throws PreflightError with what there is. */
export function keptRun(dir: string, { name, stage }: Wanted): Kept {
  const runs = [...runsIn(dir)].reverse()
  if (runs.length === 0) throw new PreflightError('No run is kept here yet.', { next: ['see: clonedeploy deploy'] })
  const named = name !== null && runs.includes(name) ? [name] : runs
  for (const run of named) {
    const story = storyOf(keptEvents(textOf(dir, run)))
    if (story !== null && isWanted(run, story, { name, stage })) return { run, story }
  }
  throw new PreflightError(`No run that is kept here ${unmet({ name, stage })}.`, {
    details: runs.slice(0, shown).map(run => `${run}${about(dir, run)}`),
    next: nextOf(name, runs),
  })
}

const shown = 10

function isWanted(run: string, story: Story, { name, stage }: Wanted): boolean {
  const releases = [story.release?.release, story.end?.release]
  return (stage === null || story.start.stage === stage) && (name === null || run === name || releases.includes(name))
}

function unmet({ name, stage }: Wanted): string {
  const parts = [
    name === null ? [] : [`is called "${name}", or is of a release of that name`],
    stage === null ? [] : [`is of ${stage}`],
  ]
  return listed(parts.flat())
}

function nextOf(name: string | null, runs: readonly string[]): readonly string[] {
  const near = name === null ? null : suggest(name, runs)
  return near === null ? [] : [`did you mean: clonedeploy report ${near} --html report.html`]
}

/** What a run was about, behind its name. */
function about(dir: string, run: string): string {
  const story = storyOf(keptEvents(textOf(dir, run)))
  if (story === null) return ''
  const release = story.end?.release ?? story.release?.release ?? null
  return `   ${story.start.stage}   ${story.end?.result ?? 'no end'}${release === null ? '' : `   ${release}`}`
}

function runsIn(dir: string): readonly string[] {
  try {
    return runsAmong(readdirSync(dir))
  } catch {
    return []
  }
}

/** What has gone meanwhile is as one that tells nothing. */
function textOf(dir: string, run: string): string {
  try {
    return readFileSync(join(dir, `${run}.jsonl`), 'utf8')
  } catch {
    return ''
  }
}
