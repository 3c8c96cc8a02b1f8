import type { HostFailure } from '../../fleet/outcome.js'
import { counted } from '../../text/phrases.js'
import { type Html, html } from './html.js'
import type { KeptEnd, Story } from './story.js'
import { headlineOf } from './words.js'

/** What failed, where, with what was printed there, and what to run next. Nothing of a run that went well. */
export function failures(story: Story): Html {
  const { end } = story
  if (end === null || end.exitCode === 0) return html``
  const hosts = end.hosts.flatMap(({ name, error }) => (error === null ? [] : [card(name, error)]))
  const looks = story.looks.filter(({ ok, output }) => !ok && output.length > 0).slice(-1)
  const checks = looks.map(
    ({ note, output }) =>
      html`<div class="card failure"><h3>The check of the bake</h3><p>${note}</p>${lines(output)}</div>`,
  )
  const why = reason(story, end)
  if (why === null && hosts.length === 0 && checks.length === 0 && end.next.length === 0) return html``
  return html`<section><h2>What happened</h2>
${why}${hosts.slice(0, most)}${rest(hosts.slice(most))}${checks}${next(end.next)}
</section>`
}

/** So many hosts stand there unfolded. */
const most = 8

function rest(hosts: readonly Html[]): Html | null {
  return hosts.length === 0
    ? null
    : html`<details><summary>${counted(hosts.length, 'more host')}</summary>${hosts}</details>`
}

/** What the headline or a host does not say yet; null: nothing. */
function reason(story: Story, { reason, details, hosts }: KeptEnd): Html | null {
  const said = headlineOf(story).toLowerCase()
  const isSaid = reason === null || said.includes(reason.toLowerCase()) || hosts.some(({ error }) => error !== null)
  if (isSaid && (details ?? []).length === 0) return null
  return html`${isSaid ? null : html`<p>${reason}</p>`}${lines(details ?? [])}`
}

function card(name: string, { phase, step, message, hint, output, log }: HostFailure): Html {
  return html`<div class="card failure"><h3>${name} <span class="soft">${phase === step ? phase : `${phase}, ${step}`}</span></h3>
<p>${message}</p>${hint === null ? null : html`<p class="soft">${hint}</p>`}
${lines(output)}${log === undefined || log.lines.length === 0 ? null : html`<p class="soft">The app’s log, ${log.source}:</p>${lines(log.lines)}`}
</div>`
}

function lines(texts: readonly string[]): Html {
  return texts.length === 0 ? html`` : html`<pre>${texts.join('\n')}</pre>`
}

function next(texts: readonly string[]): Html {
  return texts.length === 0
    ? html``
    : html`<div class="card next"><h3>Next</h3>${texts.map(text => html`<code>${text}</code>`)}</div>`
}
