import { durationText } from '../../text/duration.js'
import { type Html, html } from './html.js'
import { length } from './spans.js'
import type { Story } from './story.js'
import { slowestOf } from './waits.js'

const most = 5

/** What took the time: the longest phase, and the hosts that others waited for. */
export function findings(story: Story): Html {
  const texts = [...longest(story), ...slowHosts(story)]
  return texts.length === 0 ? html`` : html`<ul class="findings">${texts.map(text => html`<li>${text}</li>`)}</ul>`
}

function longest({ phases, took }: Story): readonly string[] {
  const names = [...new Set(phases.map(({ phase }) => phase))]
  const spent = names.map(name => ({ name, ms: length(phases.filter(({ phase }) => phase === name)) }))
  const [first] = spent.sort((a, b) => b.ms - a.ms)
  if (first === undefined || first.ms < took * 0.3) return []
  return [`Most of the time: ${first.name}, ${durationText(first.ms)} of ${durationText(took)}.`]
}

function slowHosts({ phases }: Story): readonly string[] {
  const found = phases.flatMap(phase => {
    const slowest = slowestOf(phase)
    return slowest === null ? [] : [{ phase: phase.phase, ...slowest }]
  })
  return found
    .sort((a, b) => b.others - a.others)
    .slice(0, most)
    .map(({ phase, host, others }) => `${phase}: ${host} was last, ${durationText(others)} after the first host.`)
}
