import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNotifier } from '../../src/commands/notify/notifier.js'
import { openWebhooks, secretsOf } from '../../src/commands/notify/webhooks.js'
import type { NoticeEvent } from '../../src/config/config.js'
import { noticeEvents } from '../../src/config/fields/notify.js'
import { redactor } from '../../src/config/secrets/redact.js'
import type { Event } from '../../src/fleet/events.js'
import type { Outcome } from '../../src/fleet/outcome.js'
import { outcome } from '../render/run.js'
import { startWebhook, type TestWebhook, token } from '../support/webhook.js'

const start = (command = 'deploy'): Event => {
  return { type: 'run.start', command, app: 'shop', stage: 'production', by: 'anna', from: 'laptop', hosts: ['web-1'] }
}
const lock = (ok = true): Event => ({ type: 'phase.end', phase: 'lock', ok, ms: 3, note: '' })
const end = (changes: Partial<Outcome> = {}): Event => ({ type: 'run.end', outcome: outcome(changes) })
const broken = { sentence: 'Somebody else is at work.', exitCode: 4 }

describe('who is told of a run', () => {
  let hook: TestWebhook
  const opened = (on: readonly NoticeEvent[] = noticeEvents) =>
    openWebhooks([{ url: { env: 'HOOK' }, as: 'json', on }], { HOOK: hook.url })
  const told = async (...events: readonly (Event | typeof broken)[]) => {
    const notifier = createNotifier(opened(), 'anna')
    for (const event of events) 'type' in event ? notifier.hear(event) : notifier.broke(event)
    await notifier.end()
    expect([notifier.problems(), notifier.isSending()]).toEqual([[], false])
    return hook.got.map(({ event }) => event)
  }

  beforeEach(async () => {
    hook = await startWebhook()
  })
  afterEach(() => hook.stop())

  it.each([
    ['one that took its locks', [start(), lock(), end()], ['started', 'deployed']],
    ['one whose locks were taken twice', [start('repair'), lock(), lock(), end()], ['started', 'deployed']],
    ['one that was refused when it held them', [start(), lock(), broken], ['started', 'aborted']],
    ['one that never held them', [start(), lock(false), end({ result: 'aborted', exitCode: 3 })], []],
    ['one that was refused before', [start(), broken], []],
    ['a fleet that needs a person', [start('repair'), end({ result: 'unchanged', exitCode: 6 })], ['mixed']],
    ['a dry run', [start('deploy --dry-run'), lock(), end()], []],
    ['another command', [start('prune'), lock(), end()], []],
    ['no run', [lock(), end()], []],
    ['what comes after the end', [start(), lock(), end(), broken, end()], ['started', 'deployed']],
  ])('%s', async (_, events, expected) => {
    expect(await told(...events)).toEqual(expected)
  })

  it('is told in order, also where the first message takes its time', async () => {
    hook.answer = null
    const notifier = createNotifier(opened(), 'anna')
    notifier.hear(start())
    notifier.hear(lock())
    notifier.hear(end())
    await expect.poll(() => hook.got.length).toBe(1)
    expect(hook.got[0]).toMatchObject({ event: 'started' })
    notifier.hurry()
    await notifier.end()
    const { host } = new URL(hook.url)
    expect(notifier.problems()).toEqual([`notify: a message to ${host} was not taken: it was not waited for`])
    expect(hook.got.length).toBe(1)
  })
})

it.each([
  'https://hooks.slack.com/services/T0001/B0001/TOKEN',
  'https://discord.com/api/webhooks/123456789012345678/TOKEN?thread_id=7',
  'https://chat.example.com/hooks/TOKEN',
  'https://example.com/deploys?key=TOKEN',
  'https://TOKEN.example.com/a',
])('of %s nobody reads what lets in', address => {
  const url = address.replace('TOKEN', token)
  const hide = redactor(secretsOf(openWebhooks([{ url: { env: 'A' }, as: null, on: noticeEvents }], { A: `${url}\n` })))
  const { pathname, search, host } = new URL(url)
  const said = [
    url,
    pathname + search,
    encodeURIComponent(url),
    Buffer.from(url).toString('base64'),
    JSON.stringify({ url }),
  ]
  for (const text of said) expect(hide(`say ${text}.`).toLowerCase()).not.toContain(token.toLowerCase())
  if (!host.startsWith(token.toLowerCase())) {
    expect(hide(`the token ${token} of ${host}`)).toBe(`the token [redacted] of ${host}`)
  }
})
