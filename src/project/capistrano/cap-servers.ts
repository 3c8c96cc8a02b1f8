import type { HostInput } from '../../config/input.js'
import { parseHost } from '../../inventory/parse.js'
import type { Place } from './cap-left.js'
import { isHash, type Known, type Plain, type PlainHash, textsOf } from './cap-values.js'

/** A machine, as its `server` and `role` lines say together. */
export interface Server extends Place {
  readonly host: string
  readonly user: string | null
  readonly port: number | null
  readonly roles: readonly string[]
  readonly primary: boolean
  /** Capistrano puts no release there. */
  readonly noRelease: boolean
  readonly options: Login
}

/** What `ssh_options` say. */
export interface Login {
  readonly user?: string
  readonly port?: number
  readonly identityFile?: string
  readonly jump?: string
}

type Tell = (what: string, instead: string) => void

/** Adds a machine, or what is new of it. */
export function withServer(servers: readonly Server[], added: Server): readonly Server[] {
  const at = servers.findIndex(one => one.host === added.host && one.port === added.port)
  const old = servers[at]
  if (old === undefined) return [...servers, added]
  const merged: Server = {
    ...old,
    user: added.user ?? old.user,
    roles: [...new Set([...old.roles, ...added.roles])],
    primary: old.primary || added.primary,
    noRelease: old.noRelease || added.noRelease,
    options: { ...old.options, ...added.options },
  }
  return servers.with(at, merged)
}

/** The machine of a `server` line; null: its name cannot be one. */
export function serverOf(
  text: string,
  roles: readonly string[],
  more: PlainHash,
  place: Place,
  tell: Tell,
): Server | null {
  const parsed = parseHost(text)
  if ('problem' in parsed) {
    tell(`server '${text}'`, parsed.problem)
    return null
  }
  const { host, user = null, port = null } = parsed.parts
  const server: Server = { ...place, host, user, port, roles, primary: false, noRelease: false, options: {} }
  return more.entries.reduce((server, { key, value }) => withProperty(server, key, value, tell), server)
}

function withProperty(server: Server, key: string, of: Known, tell: Tell): Server {
  const what = `server '${server.host}': ${key}`
  if ('why' in of) {
    tell(what, of.why)
    return server
  }
  const { value } = of
  const texts = textsOf(value)
  if ((key === 'roles' || key === 'role') && texts !== null)
    return { ...server, roles: [...new Set([...server.roles, ...texts])] }
  if (key === 'user' && typeof value === 'string') return { ...server, user: value }
  if (key === 'port' && isPort(value)) return { ...server, port: Number(value) }
  if (key === 'primary' && typeof value === 'boolean') return { ...server, primary: value }
  if (key === 'no_release' && typeof value === 'boolean') return { ...server, noRelease: value }
  if (key === 'ssh_options' && isHash(value)) return { ...server, options: loginOf(value, tell) }
  tell(what, 'a property that hooks may have read: env of the host says such things here')
  return server
}

/** What `ssh_options` say that a host can say here. */
export function loginOf({ entries }: PlainHash, tell: Tell): Login {
  return Object.assign({}, ...entries.map(({ key, value }) => optionOf(key, value, tell)))
}

function optionOf(key: string, of: Known, tell: Tell): Login {
  const what = `ssh_options: ${key}`
  if ('why' in of) {
    tell(what, of.why)
    return {}
  }
  const { value } = of
  if (key === 'user' && typeof value === 'string') return { user: value }
  if (key === 'port' && isPort(value)) return { port: Number(value) }
  if (key === 'proxy' && typeof value === 'string') return { jump: value }
  if (key === 'keys') return keyOf(value, tell)
  if (key === 'forward_agent') {
    if (value === true) tell(what, 'not needed: hosts fetch nothing from the repository, and get no agent')
    return {}
  }
  tell(what, instead.get(key) ?? 'say it in your ssh config, which clonedeploy reads')
  return {}
}

const instead: ReadonlyMap<string, string> = new Map(
  Object.entries({
    password: 'no passwords: log in with a key',
    auth_methods: 'keys and the agent are used; what else ssh may do, your ssh config says',
    verify_host_key: 'host keys are always checked: clonedeploy trust',
    paranoid: 'host keys are always checked: clonedeploy trust',
  }),
)

function keyOf(value: Plain, tell: Tell): Login {
  const [first, ...more] = textsOf(value) ?? []
  if (first === undefined || more.length > 0)
    tell('ssh_options: keys', first === undefined ? 'names no file' : 'the first is taken; a host has one identityFile')
  return first === undefined ? {} : { identityFile: first }
}

function isPort(value: Plain): boolean {
  return (typeof value === 'number' || typeof value === 'string') && /^\d{1,5}$/.test(String(value))
}

/** The machines as hosts, the primary ones first: what runs once runs on the first. */
export function hostsOf(servers: readonly Server[], common: Login): readonly (string | HostInput)[] {
  const first = servers.filter(({ primary }) => primary)
  return [...first, ...servers.filter(({ primary }) => !primary)].map(server => hostOf(server, common))
}

function hostOf({ host, user, port, roles, options }: Server, common: Login): string | HostInput {
  const login = { ...common, ...options }
  const name = user ?? login.user
  const number = port ?? login.port
  const { identityFile, jump } = login
  const rest = {
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(jump === undefined ? {} : { jump }),
    ...(roles.length === 0 ? {} : { roles }),
  }
  if (Object.keys(rest).length > 0)
    return {
      host,
      ...(name === undefined ? {} : { user: name }),
      ...(number === undefined ? {} : { port: number }),
      ...rest,
    }
  const address = host.includes(':') ? `[${host}]` : host
  return `${name === undefined ? '' : `${name}@`}${address}${number === undefined ? '' : `:${number}`}`
}
