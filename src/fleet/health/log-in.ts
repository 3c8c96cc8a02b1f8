import type { Login } from '../../config/config.js'
import { type AskedAt, loginRequest, type Request, requestFor, withCookies } from '../../plan/app/requests.js'
import type { KnownHost, LoggedIn } from '../../state/answers/known-user.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'
import { failed } from './answer.js'
import type { Asking } from './ask-alike.js'
import { type Response, request } from './http.js'

/** A host, and where it is asked. */
export interface LoginHost {
  readonly name: string
  readonly session: Session
  readonly at: AskedAt
}

/** How often the host of the login is asked at most: one of its processes may know what the others do not. */
const tries = 5

/** Logs in on the first of these hosts, and asks every one for the page with the same cookies. */
export async function logIn(login: Login, hosts: readonly LoginHost[], asking: Asking): Promise<LoggedIn | null> {
  const [first, ...others] = hosts
  if (first === undefined) return null
  const start = await startOf(login, first, asking)
  if ('error' in start) return { host: first.name, ...start, anonymous: [], own: [], hosts: [] }
  const nobody = new Map<string, string>()
  const anonymous = await onEach(hosts, asking.concurrency, host => look(login, host, nobody, asking))
  const own: KnownHost[] = []
  while (own.length < tries && !own.some(({ knows }) => knows === true))
    own.push(await look(login, first, start.cookies, asking))
  const told = await onEach(others, asking.concurrency, host => look(login, host, start.cookies, asking))
  const again = await look(login, first, start.cookies, asking)
  return { host: first.name, error: null, status: start.status, anonymous, own: [...own, again], hosts: told }
}

interface Start {
  readonly status: number
  readonly cookies: ReadonlyMap<string, string>
}

/** The answer to the login, with the cookies that a browser would have by then. */
async function startOf(
  { request: said }: Login,
  { session, at }: LoginHost,
  asking: Asking,
): Promise<Start | { readonly error: string; readonly status: null }> {
  const unable = (error: string) => ({ error, status: null })
  const before = said.token === null ? null : requestFor({ url: said.token.page, headers: said.headers }, at)
  if (said.token !== null && before === null) return unable(`${said.token.page} is no address there`)
  const form = before === null ? null : await answerTo(session, before, asking)
  if (form !== null && 'error' in form) return unable(`GET ${said.token?.page}: ${form.error}`)
  const cookies = cookiesIn(new Map(), form)
  const token = form === null ? null : hiddenField(form.bytes.toString('utf8'), said.token?.field ?? '')
  if (form !== null && token === null) return unable(`GET ${said.token?.page} has no hidden field ${said.token?.field}`)
  const asked = loginRequest(said, token, at)
  if (asked === null) return unable(`${said.url} is no address there`)
  const answer = await answerTo(session, withCookies(asked, cookies), asking)
  return 'error' in answer ? unable(answer.error) : { status: answer.status, cookies: cookiesIn(cookies, answer) }
}

async function look(
  { page, expect }: Login,
  { name, session, at }: LoginHost,
  cookies: ReadonlyMap<string, string>,
  asking: Asking,
): Promise<KnownHost> {
  const asked = requestFor(page, at)
  const answer = asked === null ? { error: 'it is no address there' } : await askAs(session, asked, cookies, asking)
  if ('error' in answer) return { name, knows: null, status: null, error: answer.error }
  const { status, bytes } = answer
  return { name, knows: status >= 500 ? null : bytes.includes(expect), status, error: null }
}

function askAs(session: Session, asked: Request, cookies: ReadonlyMap<string, string>, asking: Asking) {
  return answerTo(session, withCookies(asked, cookies), asking)
}

/** Bytes of a page that are looked through. */
const mostBody = 1024 * 1024

async function answerTo(
  session: Session,
  asked: Request,
  { timeout }: Asking,
): Promise<Response | { readonly error: string }> {
  try {
    return await request(session, asked, timeout, mostBody)
  } catch (error) {
    return { error: failed(error, asked.url).note }
  }
}

/** The cookies of a user after an answer; one without a value is gone. */
function cookiesIn(before: ReadonlyMap<string, string>, answer: Response | null): ReadonlyMap<string, string> {
  const after = new Map(before)
  for (const line of [answer?.headers['set-cookie'] ?? []].flat()) {
    const [, name, value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
    if (name === undefined) continue
    if (value === '') after.delete(name.trim())
    else after.set(name.trim(), value.trim())
  }
  return after
}

/** The value of `<input name="…" value="…">`, or of `<meta name="…" content="…">`. */
function hiddenField(page: string, field: string): string | null {
  for (const [tag] of page.matchAll(/<(?:input|meta)\b[^>]*>/gi)) {
    const of = (name: string) => new RegExp(`\\b${name}\\s*=\\s*("([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag)
    const [, , double, single, bare] = of('name') ?? []
    if ((double ?? single ?? bare) !== field) continue
    const [, , a, b, c] = of('value') ?? of('content') ?? []
    const value = a ?? b ?? c
    if (value !== undefined) return unescaped(value)
  }
  return null
}

function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'", '#x27': "'" }
  return text.replace(/&(amp|quot|lt|gt|#39|#x27);/g, (whole, name) => signs[name] ?? whole)
}
