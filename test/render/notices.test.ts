import { describe, expect, it } from 'vitest'
import { bodyOf, kindOf } from '../../src/render/notices/body.js'
import { brokenNotice, endedNotice, type NoticeRun, startedNotice } from '../../src/render/notices/notice.js'
import { hostOutcome, newer, older, outcome } from './run.js'

const run: NoticeRun = {
  command: 'deploy',
  app: 'shop',
  stage: 'production',
  hosts: 3,
  by: 'anna',
  release: newer,
  previous: older,
  revision: '7a6ae02d0c5bd6ef2a4f2c9a1d2b0f1e3c4d5e6f',
  message: 'cart: new route',
}

describe('the text of a notice', () => {
  it('of a run that has begun', () => {
    expect(startedNotice(run).text).toBe(
      `▶ shop → production: Deploy of ${newer} started on 3 hosts, which serve ${older}.\n7a6ae02 cart: new route, by anna`,
    )
    const unknown = { command: 'repair', hosts: 1, release: null, previous: null, revision: null, message: '' } as const
    expect(startedNotice({ ...run, ...unknown }).text).toBe('▶ shop → production: Repair started on 1 host.\nby anna')
  })

  it.each([
    [outcome(), 'deployed', `✔ shop → production: Deployed ${newer} to 3 hosts in 31s.`],
    [
      outcome({ command: 'rollback', result: 'rolled-back' }),
      'rolled-back',
      `✔ shop → production: Rolled back 3 hosts to ${newer} in 31s.`,
    ],
    [outcome({ command: 'promote' }), 'promoted', `✔ shop → production: Promoted to 3 hosts as ${newer} in 31s.`],
    [
      outcome({ command: 'repair', result: 'put-back' }),
      'repaired',
      `✔ shop → production: Repaired: all 3 hosts serve ${newer}.`,
    ],
    [
      outcome({ command: 'join', joined: { hosts: ['web-3'], earlier: [older] } }),
      'joined',
      `✔ shop → production: Joined web-3 with ${newer} and 1 earlier release in 31s.`,
    ],
    [
      outcome({ command: 'restart', result: 'restarted' }),
      'restarted',
      `✔ shop → production: Restarted 3 hosts in 31s. All 3 hosts still serve ${newer}.`,
    ],
  ])('of a run that ended well is what the terminal says: %#', (ended, event, headline) => {
    const notice = endedNotice(run, ended)
    expect([notice.event, notice.text]).toEqual([event, `${headline}\n7a6ae02 cart: new route, by anna`])
  })

  const hosts = ['web-1', 'web-3'].map(name => hostOutcome(name, { current: older }))
  const failure = { phase: 'health', step: 'health', message: 'GET / → 500', hint: null, output: [] } as const
  const failed = [hosts[0], { ...hosts[1], error: failure }] as typeof hosts

  it('of a run that was put back says why, and what to run', () => {
    const ended = outcome({
      result: 'put-back',
      exitCode: 5,
      hosts: failed,
      reason: 'web-3: GET / → 500',
      next: ['look: clonedeploy logs web-3', 'second', 'third'],
    })
    const notice = endedNotice(run, ended)
    expect([notice.event, notice.text.split('\n')]).toEqual([
      'put-back',
      [
        `✖ shop → production: Deploy failed on web-3. Both hosts serve ${older} again (verified).`,
        '7a6ae02 cart: new route, by anna',
        'web-3: GET / → 500',
        'look: clonedeploy logs web-3',
        'second',
      ],
    ])
  })

  it('of a fleet that needs a person names the event by the exit code', () => {
    const mixed = outcome({ result: 'mixed', exitCode: 6, reason: 'web-3 was lost', hosts: failed })
    expect(endedNotice(run, mixed)).toMatchObject({
      event: 'mixed',
      text: expect.stringMatching(/^✖ shop → production: FLEET MAY BE MIXED: web-3 was lost\.\n7a6ae02/),
    })
    expect(endedNotice(run, outcome({ result: 'put-back', exitCode: 6, hosts })).event).toBe('mixed')
    expect(endedNotice(run, outcome({ result: 'aborted', exitCode: 3, hosts })).event).toBe('aborted')
  })

  it.each([
    [6, 'mixed'],
    [3, 'aborted'],
    [4, 'aborted'],
    [1, 'mixed'],
  ])('of a run without an outcome, exit code %i: %s', (exitCode, event) => {
    expect(brokenNotice(run, { sentence: 'Somebody else is at work.', exitCode })).toMatchObject({
      event,
      exitCode,
      text: '✖ shop → production: Deploy failed. Somebody else is at work.\n7a6ae02 cart: new route, by anna',
    })
  })
})

describe('what others wrote', () => {
  const said = '<!channel> <@U1> @here @everyone *bold* [a](http://b) `x` _y_ & \u001b[31m\u202e'
  const notice = startedNotice({ ...run, message: said })

  it('mentions nobody on Slack, and has no markup there', () => {
    const { text, ...rest } = bodyOf(notice, 'slack') as { text: string }
    expect(rest).toEqual({ mrkdwn: false, unfurl_links: false, unfurl_media: false })
    expect(text).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/)
    expect(text).toContain('&lt;!channel&gt; &lt;@U1&gt; @here')
  })

  it('mentions nobody on Discord, and has no markup there', () => {
    const { content, ...rest } = bodyOf(notice, 'discord') as { content: string }
    expect(rest).toEqual({ allowed_mentions: { parse: [] }, flags: 4 })
    expect(content).not.toMatch(/(?<!\\)[*`_[\]()<>~|]/)
  })

  it('mentions nobody on Mattermost, and has no markup there', () => {
    const { text, ...rest } = bodyOf(notice, 'mattermost') as { text: string }
    expect(rest).toEqual({})
    expect(text).not.toMatch(/@\w/)
    expect(text).not.toMatch(/(?<!\\)[*`_[\]()>~|]/)
  })

  it.each(['slack', 'discord', 'mattermost', 'json'] as const)('acts on no terminal, and is bounded: %s', kind => {
    const long = { ...run, message: said.repeat(100), by: '@'.repeat(5000) }
    const reason = '*\u001b😀'.repeat(2000)
    for (const one of [startedNotice(long), endedNotice(long, outcome({ exitCode: 5, result: 'put-back', reason }))]) {
      const { text, content = text } = bodyOf(one, kind) as { text?: string; content?: string }
      expect(content?.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/u)
      expect(content?.length).toBeLessThanOrEqual(kind === 'slack' ? 5 * 950 : 2000)
      expect(one.text.length).toBeLessThanOrEqual(950)
    }
  })
})

it('a body for programs has the keys that stand in docs/notify.md', () => {
  const ended = endedNotice(run, outcome({ result: 'aborted', exitCode: 3, reason: 'no' }))
  expect(bodyOf(ended, 'json')).toEqual({
    v: 1,
    event: 'aborted',
    text: ended.text,
    app: 'shop',
    stage: 'production',
    command: 'deploy',
    result: 'aborted',
    exitCode: 3,
    reason: 'no',
    seconds: 31,
    release: newer,
    previous: older,
    revision: run.revision,
    message: 'cart: new route',
    hosts: 3,
    by: 'anna',
  })
  expect(bodyOf(startedNotice(run), 'json')).toMatchObject({
    event: 'started',
    result: null,
    exitCode: null,
    seconds: null,
  })
})

it.each([
  ['https://hooks.slack.com/services/T/B/x', 'slack'],
  ['https://hooks.slack-gov.com/services/T/B/x', 'slack'],
  ['https://discord.com/api/webhooks/1/x', 'discord'],
  ['https://ptb.discord.com/api/webhooks/1/x', 'discord'],
  ['https://discordapp.com/api/webhooks/1/x', 'discord'],
  ['https://discord.com/api/webhooks/1/x/slack', 'slack'],
  ['https://chat.example.com/hooks/x', 'mattermost'],
  ['https://example.com/team/hooks/x', 'mattermost'],
  ['https://hooks.slack.com.example.com/x', 'json'],
  ['https://example.com/deploys', 'json'],
] as const)('%s is of %s', (address, kind) => {
  expect(kindOf(address)).toBe(kind)
})
