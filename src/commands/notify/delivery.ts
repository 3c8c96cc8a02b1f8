import { bodyOf } from '../../render/notices/body.js'
import type { Notice } from '../../render/notices/notice.js'
import { durationText } from '../../text/duration.js'
import { post } from './post.js'
import type { OpenWebhook } from './webhooks.js'

/** Sends notices beside what else goes on, to each webhook in their order. Nothing in it throws. */
export interface Delivery {
  readonly send: (notice: Notice) => void
  /** Whether something is on its way. */
  readonly isSending: () => boolean
  /** What was not taken so far, in a line for each webhook. */
  readonly problems: () => readonly string[]
  /** Waits for what is on its way, `patience` at most. */
  readonly end: () => Promise<void>
  /** Gives up what is on its way. */
  readonly hurry: () => void
}

/** Milliseconds, for one notice as for all that is on its way at the end. */
const patience = 5000
const late = `no answer in ${durationText(patience)}`

export function createDelivery(webhooks: readonly OpenWebhook[]): Delivery {
  const over = new AbortController()
  const problems = new Map<OpenWebhook, string>()
  const queues = new Map<OpenWebhook, Promise<void>>()
  let onTheWay = 0
  const deliver = async (webhook: OpenWebhook, notice: Notice) => {
    const problem = await problemOf(webhook, notice, over.signal)
    if (problem !== null && !problems.has(webhook)) problems.set(webhook, problem)
    onTheWay--
  }
  return {
    send(notice) {
      for (const webhook of webhooks.filter(({ on }) => on.includes(notice.event))) {
        onTheWay++
        const before = queues.get(webhook) ?? Promise.resolve()
        queues.set(
          webhook,
          before.then(() => deliver(webhook, notice)),
        )
      }
    },
    isSending: () => onTheWay > 0,
    problems: () => [...new Set(problems.values())],
    async end() {
      const timer = setTimeout(() => over.abort(late), patience)
      await Promise.all(queues.values())
      clearTimeout(timer)
    },
    hurry: () => over.abort('it was not waited for'),
  }
}

async function problemOf({ to }: OpenWebhook, notice: Notice, over: AbortSignal): Promise<string | null> {
  if ('problem' in to) return `notify: nobody was told there: ${to.problem}`
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(late), patience)
  const url = to.url.reveal()
  const why = await post(url, bodyOf(notice, to.as), AbortSignal.any([over, limit.signal]))
  clearTimeout(timer)
  return why === null ? null : `notify: a message to ${new URL(url).host} was not taken: ${why}`
}
