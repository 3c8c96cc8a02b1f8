import { createHash } from 'node:crypto'
import { durationText } from '../../text/duration.js'
import { bytesText } from '../../text/units.js'
import { failures } from './failures.js'
import { findings } from './findings.js'
import { fleetTable } from './fleet-table.js'
import { type Html, html } from './html.js'
import { commits, printed, remarks } from './lists.js'
import type { Story } from './story.js'
import { style } from './style.js'
import { timeline } from './timeline.js'
import { badgeOf, endingOf, headlineOf } from './words.js'

/** What is said of the page itself. */
export interface About {
  readonly run: string
  readonly version: string
}

/**
 * A run as one page that needs nothing else: no script, no network. What hosts and commits said is quoted; should one slip
 * through, the page's own policy lets a browser run, load and style nothing that is not written here.
 */
export function runPage(story: Story, about: About): string {
  const { start } = story
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${badgeOf(story)}: ${start.app} → ${start.stage}</title>
<style>${{ markup: style }}</style>
</head>
<body>
<main class="${endingOf(story)}">
${header(story)}
${facts(story)}
${failures(story)}
${chart(story)}
${fleetTable(story)}
${commits(story)}
${remarks(story)}
${printed(story)}
<footer>Run ${about.run} of clonedeploy ${about.version}. Times are those of the machine that ran it.</footer>
</main>
</body>
</html>
`
  return page.markup
}

/** Nothing but this style. Forms, frames and a base that was slipped in lead nowhere. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

function header(story: Story): Html {
  const { start, began, release } = story
  const at = new Date(began).toISOString()
  const message = release?.message ?? ''
  return html`<header>
<span class="badge">${badgeOf(story)}</span><span class="where">${start.app} → ${start.stage}</span>
<h1>${withWholeIds(headlineOf(story))}</h1>
${message === '' ? null : html`<p>${message}</p>`}
<p class="soft"><time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time>, ${start.command} by ${start.by} ${place(start.from)}</p>
</header>`
}

/** No release's id is broken at its dashes. */
function withWholeIds(text: string): readonly Html[] {
  const id = /(\d{8}-\d{6}-\w{7}\b)/
  return text.split(id).map(part => (id.test(part) ? html`<span class="whole">${part}</span>` : html`${part}`))
}

/** The address of a CI run leads there. */
function place(from: string): Html {
  const isPage = /^https:\/\/[\w.-]+(:\d+)?\/[\w./-]+$/.test(from)
  return isPage ? html`in <a href="${from}" rel="noreferrer noopener">${from}</a>` : html`on ${from}`
}

function facts(story: Story): Html {
  const { release, end, took, start } = story
  const id = end?.release || release?.release || null
  const previous = end?.previous ?? release?.previous ?? null
  const rows: readonly (readonly [string, string | null, string?])[] = [
    ['Release', id, 'id wide'],
    ['Before', previous === id ? null : previous, 'id wide'],
    ['Commit', release?.revision?.slice(0, 7) ?? null, 'id'],
    ['Hosts', String(start.hosts.length)],
    ['Took', durationText(took)],
    ['Swap window', windowText(end?.swapWindowMs)],
    ['Switch window', windowText(end?.switchWindowMs)],
    ['Sent', end === null || end.bytes === 0 ? null : bytesText(end.bytes)],
  ]
  const known = rows.filter(([, text]) => text !== null)
  return html`<dl class="facts">${known.map(
    ([name, text, kind = '']) => html`<div class="${kind}"><dt>${name}</dt><dd>${text}</dd></div>`,
  )}</dl>`
}

function windowText(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : durationText(ms)
}

function chart(story: Story): Html {
  if (story.phases.length === 0) return html``
  return html`<section><h2>Timeline</h2>
${timeline(story)}
${findings(story)}
</section>`
}
