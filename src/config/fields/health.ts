import * as z from 'zod'
import { choose, isObject, oneOrMany } from '../choose.js'
import type { Ask, HealthCheck, SameCheck, Value, Values } from '../config.js'
import { should, show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { checked, duration, roles, text } from './scalars.js'

/** The name of a header. */
const header = checked(value =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(value) ? null : `is no name of a header: ${show(value)}`,
)

const inHeader = closed({ header })
const inBody = z.literal('body', { error: issue => should('"body" or { header: "…" }', issue.input) })

const limits = { timeout: duration.optional(), tryTimeout: duration.optional(), roles: roles.optional() }

/** An address, and what must be true of its answer. */
export const request = {
  url: checked(urlProblem),
  status: z.int().min(100).max(599).optional(),
  contains: z.string().min(1, 'is empty; leave it out to accept any body').optional(),
  headers: z.record(header, z.string().min(1, 'is empty; name only headers that must hold something')).optional(),
}

interface RequestInput {
  readonly url: string
  readonly status?: number | undefined
  readonly contains?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export function requestOf({ url, status = 200, contains, headers = {} }: RequestInput) {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { kind: 'http' as const, url, status, contains: contains ?? null, headers: lower }
}

const http: z.ZodType<HealthCheck> = closed(
  {
    ...request,
    release: choose<'body' | { readonly header: string }>(
      value => (isObject(value) ? inHeader : inBody),
      inBody,
      inHeader,
    ).optional(),
    ...limits,
  },
  oneKind('run', 'tcp'),
).transform(({ release = null, ...rest }) => ({ ...requestOf(rest), release, ...bounds(rest) }))

const port = z
  .int()
  .min(1)
  .max(65535)
  .transform(value => `127.0.0.1:${value}`)
const written = checked(addressProblem)
const place = choose<string>(value => (typeof value === 'number' ? port : written), written, port)

const tcp: z.ZodType<HealthCheck> = closed({ tcp: place, ...limits }, oneKind('url', 'run')).transform(
  ({ tcp: at, ...rest }) => ({ kind: 'tcp' as const, address: at, ...bounds(rest) }),
)

const command: z.ZodType<HealthCheck> = closed({ run: text, ...limits }, oneKind('url', 'tcp')).transform(
  ({ run, ...rest }) => {
    return { kind: 'command' as const, run, ...bounds(rest) }
  },
)

const notAnObject: z.ZodType<never> = z.never({
  error: issue => should('{ url: "…" }, { tcp: "…" } or { run: "…" }', issue.input),
})

/** A path of the app, or an address. */
export const address = checked(value => {
  if (!value.startsWith('/')) return /^https?:/i.test(value) ? urlProblem(value) : pathProblem(value)
  const path = withoutVariables(value)
  return path.startsWith('//') || /\s/.test(path) ? `is no path: ${show(value)}` : null
})

/** What of an answer is not compared. */
const ignore = closed({ headers: z.array(header).optional(), lines: z.array(text).optional() }).transform(
  ({ headers: names = [], lines = [] }) => ({ headers: names.map(name => name.toLowerCase()), lines }),
)

/** What is neither a path nor an address. */
export const noAsk: z.ZodType<never> = z.never({
  error: ({ input }) => (input === undefined ? 'is missing' : should('a path or { url: "…" }', input)),
})

/** What hosts are asked for: a path of the app or an address alone, or with headers whose values are of this form. */
export function askWith(value: z.ZodType<Value>): z.ZodType<Ask> {
  const short: z.ZodType<Ask> = address.transform(url => askOf({ url }))
  const long: z.ZodType<Ask> = closed({
    url: address,
    headers: headersOf(value).optional(),
    ignore: ignore.optional(),
  }).transform(askOf)
  return choose<Ask>(said => (typeof said === 'string' ? short : isObject(said) ? long : noAsk), short, long)
}

/** Headers that are sent, by their names in lower case. */
export function headersOf(value: z.ZodType<Value>): z.ZodType<Values> {
  return z
    .record(header, value)
    .transform(said => Object.fromEntries(Object.entries(said).map(([name, one]) => [name.toLowerCase(), one])))
}

const ask = askWith(text)

const same: z.ZodType<SameCheck> = closed({
  same: z.array(ask).min(1, 'names no address; leave it out'),
}).transform(({ same: asks }) => ({ kind: 'same', asks, roles: null }))

/** What must hold on every host after the restart, and what all hosts have to answer alike. */
export const health = oneOrMany(
  choose<HealthCheck | SameCheck>(
    value => {
      if (!isObject(value)) return notAnObject
      if ('url' in value) return http
      if ('tcp' in value) return tcp
      if ('same' in value) return same
      return 'run' in value ? command : http
    },
    http,
    tcp,
    command,
    same,
  ),
)

interface Limits {
  readonly timeout?: number | undefined
  readonly tryTimeout?: number | undefined
  readonly roles?: readonly string[] | undefined
}

/** A try takes no longer than all of them. */
function bounds({ timeout = 30_000, tryTimeout = 5000, roles = undefined }: Limits) {
  return { timeout, tryTimeout: Math.min(timeout, tryTimeout), roles: roles ?? null }
}

function oneKind(...others: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(others.map(key => [key, 'a check has only one of url, tcp and run; make two checks of it']))
}

function addressProblem(value: string): string | null {
  const form = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/
  return form.test(withoutVariables(value)) ? null : `should be like 127.0.0.1:3000, got ${show(value)}`
}

/** Puts something for `$NAME`: it stands for what only the host's env tells. */
function withoutVariables(value: string): string {
  return value.replaceAll(/\$\w+|\$\{\w+\}/g, '1')
}

/** What is wrong with an address; `$NAME` in it may be the port. */
function urlProblem(value: string): string | null {
  const url = withoutVariables(value)
  if (!/^https?:\/\//i.test(url)) return `should begin with http:// or https://, got ${show(value)}`
  return URL.canParse(url) && !/\s/.test(url) ? null : `is no address: ${show(value)}`
}

function pathProblem(said: string): string {
  return `should be a path such as "/", or an address that begins with http:// or https://, got ${show(said)}`
}

interface AskInput {
  readonly url: string
  readonly headers?: Values | undefined
  readonly ignore?: Ask['ignore'] | undefined
}

/** What is asked, with what is left out. */
function askOf({ url, headers = {}, ignore: passed = { headers: [], lines: [] } }: AskInput): Ask {
  return { url, headers, ignore: passed }
}
