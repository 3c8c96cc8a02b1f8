import type { BodyKind } from '../../config/config.js'
import type { Notice } from './notice.js'

/**
 * What is posted. No body does for all: each shows text by escapes of its own, and Discord reads `content` where the others
 * read `text`. Slack answers 400 to a body in which it finds neither `text` nor the like (`no_text`), Mattermost as well.
 * What is in the text comes from commits and hosts: it mentions nobody, has no markup, and no address in it is unfolded.
 *
 * - Slack: https://docs.slack.dev/messaging/formatting-message-text (`&`, `<` and `>` are all that is escaped; without
 *   `link_names`, `@here` is text), https://docs.slack.dev/messaging/unfurling-links-in-messages
 * - Discord: https://discord.com/developers/docs/resources/webhook#execute-webhook (2,000 characters; flag 4 shows no embeds)
 *   and https://discord.com/developers/docs/resources/message#allowed-mentions-object
 * - Mattermost: https://developers.mattermost.com/integrate/webhooks/incoming (Markdown; `@channel` mentions)
 */
export function bodyOf(notice: Notice, kind: BodyKind): object {
  const { text } = notice
  switch (kind) {
    case 'slack':
      return { text: slackText(text), mrkdwn: false, unfurl_links: false, unfurl_media: false }
    case 'discord':
      return { content: withoutMarkdown(text).replaceAll('<', '\\<'), allowed_mentions: { parse: [] }, flags: 4 }
    case 'mattermost':
      return { text: withoutMarkdown(text).replaceAll('@', '@\u200b') }
    case 'json':
      return jsonBody(notice)
  }
}

/** For programs: keys may be added, none is removed. */
function jsonBody({ event, text, app, stage, command, by, message, ...rest }: Notice) {
  const { result, exitCode, reason, release, previous, revision, hosts, seconds } = rest
  const ended = { result, exitCode, reason, seconds }
  return { v: 1, event, text, app, stage, command, ...ended, release, previous, revision, message, hosts, by }
}

function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** What Markdown would take for more than text. */
function withoutMarkdown(text: string): string {
  return text.replace(/[\\`*_~|>[\]()#]/g, '\\$&')
}

/** By whose address it is; what is nobody's gets JSON. */
export function kindOf(address: string): BodyKind {
  const { hostname, pathname } = new URL(address)
  if (/^hooks\.slack(-gov)?\.com$/.test(hostname)) return 'slack'
  // Discord and Mattermost take Slack's bodies, too, at addresses of their own.
  if (/^((ptb|canary)\.)?discord(app)?\.com$/.test(hostname)) return pathname.endsWith('/slack') ? 'slack' : 'discord'
  return pathname.includes('/hooks/') ? 'mattermost' : 'json'
}
