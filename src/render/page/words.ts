import type { Outcome, Phase } from '../../fleet/outcome.js'
import { outcomeHeadline } from '../reports/outcome.js'
import type { KeptEnd, Story } from './story.js'

/** How a run ended, for who only looks: well; back on the old release; a person is needed; nothing was changed; not known. */
export type Ending = 'well' | 'back' | 'mixed' | 'refused' | 'unknown'

export function endingOf({ end }: Story): Ending {
  if (end === null) return 'unknown'
  if (end.exitCode === 0) return 'well'
  if (end.exitCode === 5) return 'back'
  return end.exitCode === 6 || end.exitCode === 1 ? 'mixed' : 'refused'
}

/** The same in a word or two. */
export function badgeOf(story: Story): string {
  const { end, start } = story
  if (end === null) return 'No end'
  const ending = endingOf(story)
  if (ending === 'mixed') return 'Needs a person'
  if (ending === 'refused') return end.details === null ? 'Nothing swapped' : 'Refused'
  const isNew = end.result === 'deployed' && ending === 'well'
  return (isNew ? deeds[start.command] : undefined) ?? results[end.result]
}

const deeds: Readonly<Record<string, string>> = {
  promote: 'Promoted',
  rollback: 'Rolled back',
  repair: 'Repaired',
  join: 'Joined',
}

const results: Readonly<Record<Outcome['result'], string>> = {
  deployed: 'Deployed',
  restarted: 'Restarted',
  unchanged: 'Nothing to do',
  aborted: 'Nothing swapped',
  'put-back': 'Put back',
  'rolled-back': 'Rolled back',
  mixed: 'Needs a person',
}

/** The outcome in a sentence or two. */
export function headlineOf({ start, end }: Story): string {
  if (end === null) return 'The run has no end: clonedeploy was killed, or is still at work.'
  if (end.details !== null) return end.reason?.split('\n')[0] ?? 'The run was refused.'
  return outcomeHeadline(outcomeOf(start.app, start.stage, start.command, end)).replace(/^\S /, '')
}

function outcomeOf(app: string, stage: string, command: string, end: KeptEnd): Outcome {
  const { release, stopped, joined, details: _, ...rest } = end
  return {
    ...rest,
    ...(stopped === undefined ? {} : { stopped }),
    ...(joined === undefined ? {} : { joined }),
    command: command as Outcome['command'],
    exitCode: end.exitCode as Outcome['exitCode'],
    release: release ?? '',
    app,
    stage,
    log: null,
  }
}

/** What a phase is to the swap. */
export type Kind = 'before' | 'swap' | 'after' | 'back'

export function kindOf(phase: Phase): Kind {
  if (phase === 'rollback') return 'back'
  if (phase === 'swap' || phase === 'switch') return 'swap'
  return before.has(phase) ? 'before' : 'after'
}

const before: ReadonlySet<Phase> = new Set(['check', 'build', 'pack', 'lock', 'announce', 'push', 'prepare', 'warm'])
