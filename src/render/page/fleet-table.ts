import type { HostOutcome } from '../../fleet/outcome.js'
import { counted } from '../../text/phrases.js'
import { bytesText } from '../../text/units.js'
import { type Html, html } from './html.js'
import type { KeptEnd, Story } from './story.js'

/** What every host serves at the end; folded up where all serve the same and are well. */
export function fleetTable(story: Story): Html {
  const { end } = story
  if (end === null || end.hosts.length === 0) return html``
  const table = html`<table class="fleet"><thead><tr><th>host</th><th>serves</th><th class="hide">health</th><th class="num">sent</th></tr></thead><tbody>
${end.hosts.map(host => row(host, story))}</tbody></table>`
  return html`<section><h2>The fleet at the end</h2><details${isEven(end) ? html`` : html` open`}><summary>${summary(end)}</summary>${table}</details></section>`
}

function isEven({ hosts }: KeptEnd): boolean {
  return (
    new Set(hosts.map(({ current }) => current)).size === 1 &&
    hosts.every(({ error, out }) => error === null && out === undefined)
  )
}

function summary({ hosts }: KeptEnd): string {
  const served = new Map<string, number>()
  for (const { current } of hosts) served.set(current ?? 'not known', (served.get(current ?? 'not known') ?? 0) + 1)
  return [...served].map(([release, count]) => `${counted(count, 'host')}: ${release}`).join(', ')
}

function row({ name, current, healthy, bytes, error, out }: HostOutcome, { traffic, end }: Story): Html {
  const sent = traffic.find(({ host }) => host === name)?.bytes ?? bytes
  const isOdd = current === null || (end !== null && current !== end.hosts[0]?.current)
  const why = [error?.message, out === undefined ? undefined : `out of ${out}`].filter(text => text !== undefined)
  const reasons = why.map(text => html`<br><span class="soft">${text}</span>`)
  const release = html`<span class="mono${isOdd ? ' odd' : ''}">${current ?? 'not known'}</span>`
  return html`<tr><td title="${name}">${name}</td><td>${release}${reasons}</td><td class="hide">${health(healthy)}</td><td class="num">${bytesText(sent)}</td></tr>
`
}

function health(healthy: boolean | null): string {
  return healthy === null ? 'not asked' : healthy ? 'healthy' : 'not healthy'
}
