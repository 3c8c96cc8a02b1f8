import type { Ask, LoginRequest, Values } from '../../config/config.js'
import { type Host, substitute } from '../../inventory/host.js'
import type { Variables } from '../../scripts/shell/hook.js'

/** A request by HTTP, as a host is asked. */
export interface Request {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Where a host is asked: what its health check asks by HTTP (null: nothing), and the variables of addresses. */
export interface AskedAt {
  readonly base: URL | null
  readonly variables: Variables
}

/** What a host may say of itself in an answer: its name, its address, and where it is asked. */
export function ownNames({ name, host }: Host, requests: readonly (Request | null)[]): readonly string[] {
  const places = requests.flatMap(one => (one === null ? [] : [one.url.host, one.url.port]))
  return [...new Set([name, host, ...places])].filter(text => text !== '')
}

/** How a host is asked for an address, whose values are texts by now; null: it is no address there. */
export function requestFor({ url, headers }: Pick<Ask, 'url' | 'headers'>, at: AskedAt): Request | null {
  const to = urlFor(url, at)
  return to === null ? null : { method: 'GET', url: to, headers: texts(headers), body: null }
}

/** How a host is asked for a login. `token`: the hidden field that the page of its form gave. */
export function loginRequest(request: LoginRequest, token: string | null, at: AskedAt): Request | null {
  const url = urlFor(request.url, at)
  if (url === null) return null
  const { body, headers, method } = request
  const field = request.token === null || token === null ? {} : { [request.token.field]: token }
  if (body === null && token === null) return { method, url, headers: texts(headers), body: null }
  const fields = { ...field, ...texts(body?.fields ?? {}) }
  const isJson = body?.kind === 'json'
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded'
  const text = isJson ? JSON.stringify(fields) : new URLSearchParams(fields).toString()
  return { method, url, headers: { 'content-type': type, ...texts(headers) }, body: text }
}

/** The request with the cookies of a user. */
export function withCookies(request: Request, cookies: ReadonlyMap<string, string>): Request {
  if (cookies.size === 0) return request
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return { ...request, headers: { ...request.headers, cookie } }
}

function urlFor(url: string, { base, variables }: AskedAt): URL | null {
  const text = substitute(url, variables)
  if (text.startsWith('/')) return base === null ? null : new URL(text, base)
  return URL.canParse(text) ? new URL(text) : null
}

/** A secret that was not read is not sent as anything else. */
function texts(values: Values): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value !== 'string') throw new TypeError(`the secret of ${name} was not read`)
      return [name, value]
    }),
  )
}
