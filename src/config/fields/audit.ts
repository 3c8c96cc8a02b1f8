import * as z from 'zod'
import { choose, inForms, isObject } from '../choose.js'
import type { AuditConfig, Login, LoginRequest, Value, Values } from '../config.js'
import { closed } from '../unknown-key.js'
import { address, askWith, headersOf, noAsk } from './health.js'
import { hostPath } from './path.js'
import { text } from './scalars.js'
import { secret } from './variables.js'

/** The text is never shown: it might be a secret in the wrong place. */
const written: z.ZodType<string> = inForms(z.string()).transform((value, context): string => {
  if (typeof value === 'string' && !/[\0\r\n]/.test(value)) return value
  const message = typeof value === 'string' ? 'has a line break or a NUL byte in it' : place
  context.issues.push({ code: 'custom', input: undefined, message })
  return z.NEVER
})

const place = 'should be text, or { env: "NAME" }, { cmd: "…" } or { file: "…" } for a secret'

const value = choose<Value>(said => (isObject(said) ? secret : written), written, secret)

const values = z.record(text, value)
const headers = headersOf(value)
const ask = askWith(value)

type Page = Login['page']

const shortPage: z.ZodType<Page> = address.transform(url => ({ url, headers: {} }))

const longPage: z.ZodType<Page> = closed({ url: address, headers: headers.optional() }).transform(
  ({ url, headers: sent = {} }) => ({ url, headers: sent }),
)

const page = choose<Page>(
  said => (typeof said === 'string' ? shortPage : isObject(said) ? longPage : noAsk),
  shortPage,
  longPage,
)

const request: z.ZodType<LoginRequest> = closed({
  url: address,
  method: z.enum(['POST', 'PUT', 'GET']).optional(),
  headers: headers.optional(),
  form: values.optional(),
  json: values.optional(),
  token: closed({ page: address, field: text }).optional(),
})
  .refine(({ form, json }) => form === undefined || json === undefined, 'has form and json; leave one of them out')
  .transform(({ url, method = 'POST', headers: sent = {}, form, json, token = null }) => {
    return { url, method, headers: sent, body: bodyOf(form, json), token }
  })

const login: z.ZodType<Login> = closed({ request, page, expect: text })

/** What an audit passes over, where it looks for sessions, and what it asks of every host. */
export const audit: z.ZodType<AuditConfig> = closed({
  ignore: z.array(hostPath).optional(),
  sessions: z.array(hostPath).optional(),
  ask: z.array(ask).optional(),
  login: login.optional(),
}).transform(({ ignore: passed = [], sessions = [], ask: asks = [], login: user = null }) => {
  return { ignore: passed, sessions, ask: asks, login: user }
})

function bodyOf(form: Values | undefined, json: Values | undefined): LoginRequest['body'] {
  if (form !== undefined) return { kind: 'form', fields: form }
  return json === undefined ? null : { kind: 'json', fields: json }
}
