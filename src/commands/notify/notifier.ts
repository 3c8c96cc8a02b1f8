import type { Event } from '../../fleet/events.js'
import type { Outcome } from '../../fleet/outcome.js'
import { type Broken, brokenNotice, endedNotice, type NoticeRun, startedNotice } from '../../render/notices/notice.js'
import { createDelivery, type Delivery } from './delivery.js'
import type { OpenWebhook } from './webhooks.js'

/** Tells webhooks how a run begins and ends, beside it: only the end of the program waits for that, and not for long. */
export interface Notifier extends Omit<Delivery, 'send'> {
  /** Whether there is anybody to tell. */
  readonly isSilent: boolean
  readonly hear: (event: Event) => void
  /** The run that was heard of ends without an outcome. */
  readonly broke: (broken: Broken) => void
}

/** A run that never held its locks has changed nothing: it is told only where a person is needed all the same. */
export function createNotifier(webhooks: readonly OpenWebhook[], by: string): Notifier {
  const { send, ...delivery } = createDelivery(webhooks)
  let run: NoticeRun | null = null
  let started = false
  let ended = false
  return {
    ...delivery,
    isSilent: webhooks.length === 0,
    hear(event) {
      run = runAfter(run, event, by)
      if (run === null || ended) return
      if (!started && holdsLocks(event)) {
        started = true
        send(startedNotice(run))
      }
      if (event.type !== 'run.end') return
      ended = true
      if (started || event.outcome.exitCode === 6) send(endedNotice(run, event.outcome))
    },
    broke(broken) {
      if (run !== null && started && !ended) send(brokenNotice(run, broken))
      ended = true
    },
  }
}

/** What is known of the run after this event; null: it is none that anybody is told of, such as a dry run. */
function runAfter(run: NoticeRun | null, event: Event, by: string): NoticeRun | null {
  if (event.type === 'run.start') {
    const { command, app, stage, hosts } = event
    if (!isTold(command)) return null
    return { command, app, stage, hosts: hosts.length, by, release: null, previous: null, revision: null, message: '' }
  }
  if (run === null || event.type !== 'run.release') return run
  const { release, previous, revision, message } = event
  return { ...run, release, previous, revision, message }
}

function holdsLocks(event: Event): boolean {
  return event.type === 'phase.end' && event.phase === 'lock' && event.ok
}

const told: readonly string[] = ['deploy', 'promote', 'rollback', 'restart', 'repair', 'join']

function isTold(command: string): command is Outcome['command'] {
  return told.includes(command)
}
