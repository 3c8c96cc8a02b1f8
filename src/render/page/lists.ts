import { counted, named } from '../../text/phrases.js'
import { type Html, html } from './html.js'
import type { Story } from './story.js'

/** The commits that came new. */
export function commits({ release }: Story): Html {
  const list = release?.commits ?? []
  if (list.length === 0) return html``
  const items = list.map(
    ({ id, author, subject }) =>
      html`<li><span class="mono">${id.slice(0, 7)}</span><span>${subject} <span class="soft">${author}</span></span></li>`,
  )
  return html`<section><h2>${counted(list.length, 'commit')}</h2><ul class="commits">${items}</ul></section>`
}

/** Warnings and notes, each once. */
export function remarks({ notes, end }: Story): Html {
  const said = notes.map(({ level, host, text }) => ({ level, text: host === null ? text : named(host, text) }))
  const warnings = [
    ...said.filter(({ level }) => level === 'warning').map(({ text }) => text),
    ...(end?.warnings ?? []),
  ]
  const infos = said.filter(({ level }) => level === 'info').map(({ text }) => text)
  return html`${list('Warnings', warnings)}${list('Notes', infos)}`
}

function list(title: string, texts: readonly string[]): Html {
  const once = [...new Set(texts)]
  if (once.length === 0) return html``
  return html`<section><h2>${title}</h2><ul>${once.map(text => html`<li>${text}</li>`)}</ul></section>`
}

const mostLines = 400

/** What commands printed, step by step and host by host, folded up. */
export function printed({ printed }: Story): Html {
  const steps = new Map<string, Map<string, string[]>>()
  for (const { host, step, line } of printed) {
    const hosts = steps.get(step) ?? new Map<string, string[]>()
    const name = host ?? 'this machine'
    const lines = hosts.get(name) ?? []
    lines.push(line)
    steps.set(step, hosts.set(name, lines))
  }
  if (steps.size === 0) return html``
  return html`<section><h2>Output</h2>${[...steps].map(([step, hosts]) => block(step, hosts))}</section>`
}

function block(step: string, hosts: ReadonlyMap<string, readonly string[]>): Html {
  const count = [...hosts.values()].reduce((sum, lines) => sum + lines.length, 0)
  const [only] = hosts.keys()
  const who = hosts.size === 1 ? (only ?? '') : counted(hosts.size, 'host')
  const lines = [...hosts].flatMap(([name, all]) =>
    shownOf(all).map(line => (hosts.size === 1 ? line : `${name} | ${line}`)),
  )
  return html`<details><summary>${step} <span class="soft">${who}, ${counted(count, 'line')}</span></summary><pre>${lines.join('\n')}</pre></details>`
}

function shownOf(lines: readonly string[]): readonly string[] {
  const left = lines.length - mostLines
  return left <= 0 ? lines : [`… ${counted(left, 'line')} before these: see the log`, ...lines.slice(-mostLines)]
}
