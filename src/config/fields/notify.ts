import * as z from 'zod'
import { choose, inForms, isObject, oneOrMany } from '../choose.js'
import type { NoticeEvent, Webhook } from '../config.js'
import { Secret } from '../secrets/redact.js'
import { closed } from '../unknown-key.js'
import { localPath } from './path.js'
import { ownVariable } from './variables.js'

export const noticeEvents = [
  'started',
  'deployed',
  'promoted',
  'rolled-back',
  'restarted',
  'repaired',
  'joined',
  'put-back',
  'aborted',
  'mixed',
] as const satisfies readonly NoticeEvent[]

type Url = Webhook['url']

/** Its value is never shown. */
const written: z.ZodType<Url> = inForms(z.string()).transform((value, context): Url => {
  const problem = typeof value === 'string' ? webhookProblem(value) : shape
  if (problem === null) return new Secret(String(value).trim())
  context.issues.push({ code: 'custom', input: undefined, message: problem })
  return z.NEVER
})

const fromEnv: z.ZodType<Url> = closed({ env: ownVariable })
const fromFile: z.ZodType<Url> = closed({
  file: localPath.refine(path => !path.includes('://'), 'should be the file that holds the address, not the address'),
})

const shape = 'should be { env: "NAME" }, { file: "…" } or the address'

const url = choose<Url>(
  value => (isObject(value) ? ('file' in value ? fromFile : fromEnv) : written),
  fromEnv,
  fromFile,
  written,
)

const long: z.ZodType<Webhook> = closed({
  url: url.optional(),
  as: z.enum(['slack', 'discord', 'mattermost', 'json']).optional(),
  on: z.array(z.enum(noticeEvents)).min(1, 'names no event, so nothing would be told').optional(),
}).transform(({ url = null, as = null, on = noticeEvents }) => ({ url, as, on }))

/** What stands in the place of the object may be the address. */
const neither: z.ZodType<never> = z.never({ error: 'should be { url: … }' })

/** Who is told how runs begin and end. */
export const notify = oneOrMany(choose<Webhook>(value => (isObject(value) ? long : neither), long))

/** What is wrong with a webhook's address, without a word of it; null: nothing. */
export function webhookProblem(address: string): string | null {
  const text = address.trim()
  const parsed = URL.canParse(text) ? new URL(text) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return 'is no address that begins with https://'
  return parsed.username === '' && parsed.password === ''
    ? null
    : 'has a user or a password in it, which a webhook cannot have'
}
