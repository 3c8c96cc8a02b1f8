import { escapeLine } from '../../text/escape.js'
import { listed } from '../../text/phrases.js'

/** Whether a host knew a user by its cookies; null: it could not be asked. */
export interface KnownHost {
  readonly name: string
  readonly knows: boolean | null
  readonly status: number | null
  readonly error: string | null
}

/** What became of a login on one host. */
export interface LoggedIn {
  /** Where the user logged in. */
  readonly host: string
  /** Why the login could not be asked for; null: it was answered, with `status`. */
  readonly error: string | null
  readonly status: number | null
  /** Every host, asked as nobody. */
  readonly anonymous: readonly KnownHost[]
  /** That host itself, asked several times, the last time after the others. */
  readonly own: readonly KnownHost[]
  readonly hosts: readonly KnownHost[]
}

/** What a login showed. Texts are fit to be shown. */
export interface LoginReport {
  /** Where the user logged in. */
  readonly host: string
  /** `GET /`. */
  readonly page: string
  readonly result: 'known' | 'unknown' | 'incomplete'
  /** Hosts that knew the user, and those that did not. */
  readonly known: readonly string[]
  readonly unknown: readonly { readonly name: string; readonly status: number | null }[]
  /** Why it says nothing, or not all; null: it does. */
  readonly error: string | null
}

/** Who knows a user that logged in on one host. A page that has the text for everybody, or not even there, shows nothing. */
export function knownUser(login: LoggedIn, page: string, expect: string): LoginReport {
  const { host, own, hosts } = login
  const quoted = JSON.stringify(escapeLine(expect, 100))
  const base = { host, page: `GET ${escapeLine(page, 200)}` }
  const why = unable(login, base.page, quoted)
  if (why !== null) return { ...base, result: 'incomplete', known: [], unknown: [], error: escapeLine(why, 300) }
  const ownLost = own.find(({ knows }) => knows === false)
  const unknown = [...(ownLost === undefined ? [] : [ownLost]), ...hosts.filter(({ knows }) => knows === false)]
  const silent = hosts.filter(({ knows }) => knows === null)
  return {
    ...base,
    result: unknown.length > 0 ? 'unknown' : silent.length > 0 ? 'incomplete' : 'known',
    known: [host, ...hosts.flatMap(({ name, knows }) => (knows === true ? [name] : []))],
    unknown: unknown.map(({ name, status }) => ({ name, status })),
    error: hosts.length === 0 ? 'there is no other host to ask' : silentText(silent),
  }
}

/** Why nothing follows from it; null: something does. */
function unable({ host, error, status, anonymous, own }: LoggedIn, page: string, expect: string): string | null {
  if (error !== null) return `nobody could log in on ${host}: ${error}`
  const everybody = anonymous.filter(({ knows }) => knows === true).map(({ name }) => name)
  if (everybody.length > 0)
    return `${page} has ${expect} for everybody on ${listed(everybody)}: name what it has for the user alone`
  if (own.some(({ knows }) => knows === true)) return null
  const last = own.at(-1)
  const said =
    last === undefined || last.status === null ? (last?.error ?? 'no answer') : `${last.status} without ${expect}`
  return `${host} itself does not know who logged in: the login was answered ${status}, and ${page} then ${said}`
}

function silentText(silent: readonly KnownHost[]): string | null {
  if (silent.length === 0) return null
  return silent
    .map(({ name, status, error }) => `${name}: ${error === null ? `answered ${status}` : escapeLine(error, 200)}`)
    .join('; ')
}
