import { readFileSync } from 'node:fs'
import type { BodyKind, NoticeEvent, Webhook } from '../../config/config.js'
import { webhookProblem } from '../../config/fields/notify.js'
import { Secret } from '../../config/secrets/redact.js'
import { kindOf } from '../../render/notices/body.js'

/** A webhook with its address, or why it has none. */
export interface OpenWebhook {
  readonly on: readonly NoticeEvent[]
  readonly to: { readonly url: Secret; readonly as: BodyKind } | { readonly problem: string }
}

type Env = Readonly<Record<string, string | undefined>>

/** Reads the addresses. What cannot be read is said when somebody is to be told, and stops nothing. */
export function openWebhooks(webhooks: readonly Webhook[], env: Env): readonly OpenWebhook[] {
  return webhooks.map(({ url, as, on }) => ({ on, to: opened(url, as, env) }))
}

function opened(url: Webhook['url'], as: BodyKind | null, env: Env): OpenWebhook['to'] {
  const read = addressOf(url, env)
  if ('problem' in read) return read
  const address = read.address.trim()
  const problem = webhookProblem(address)
  if (problem !== null) return { problem: `what is in ${read.from} ${problem}` }
  return { url: new Secret(address), as: as ?? kindOf(address) }
}

type Read = { readonly address: string; readonly from: string } | { readonly problem: string }

function addressOf(url: Webhook['url'], env: Env): Read {
  if (url === null) return { problem: 'its url is not set' }
  if (url instanceof Secret) return { address: url.reveal(), from: 'the configuration' }
  if ('file' in url) return inFile(url.file)
  const address = env[url.env] ?? ''
  return address === '' ? { problem: `$${url.env} is not set here` } : { address, from: `$${url.env}` }
}

function inFile(file: string): Read {
  try {
    return { address: readFileSync(file, 'utf8'), from: file }
  } catch (error) {
    return { problem: `${file} cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}

/** Webhooks that a run would not tell from here. */
export function untold(webhooks: readonly OpenWebhook[]): readonly string[] {
  return webhooks.flatMap(({ to }) => ('problem' in to ? [`notify: nobody would be told there: ${to.problem}`] : []))
}

/** What must never be told: the addresses, and what in them lets whoever has it write there. */
export function secretsOf(webhooks: readonly OpenWebhook[]): ReadonlyMap<string, Secret> {
  const addresses = webhooks.flatMap(({ to }) => ('url' in to ? [to.url.reveal()] : []))
  return new Map(addresses.flatMap(partsOf).map(part => [part, new Secret(part)]))
}

/** A shorter part (`services`, a channel's name) may be a word of any sentence. */
const shortest = 12

function partsOf(address: string): readonly string[] {
  const { href, pathname, search } = new URL(address)
  const parts = `${pathname}${search}`.split(/[/?&=]/).filter(part => part.length >= shortest)
  const path = `${pathname}${search}`
  return [address, href, ...(path.length >= shortest ? [path] : []), ...parts]
}
