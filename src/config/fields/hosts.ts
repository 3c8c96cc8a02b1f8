import * as z from 'zod'
import { defaultName, type HostEntry, type HostSource } from '../../inventory/host.js'
import { hostProblem, parseHost, userProblem } from '../../inventory/parse.js'
import { suggest } from '../../text/suggest.js'
import { choose, isObject } from '../choose.js'
import { should, show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { deployFolder, localPath } from './path.js'
import { checked, duration, lineProblem, port, role, roles, text } from './scalars.js'
import { env } from './variables.js'

const name = checked(value => {
  if (value.startsWith('-')) return 'begins with "-": ssh would take it for an option'
  return /^[\w.:@%[\]-]+$/.test(value) ? null : `should be one word without commas, got ${show(value)}`
})

const address = checked(value => {
  const problem = hostProblem(value)
  return problem !== null && /.[@:]/.test(value) ? `${problem}; user and port are keys of their own` : problem
})

const hostKeyForm = /^SHA256:[A-Za-z0-9+/]{43}=?$/

const hostKey = checked(
  value =>
    hostKeyForm.test(value)
      ? null
      : `should be SHA256: and 43 characters, as ssh-keygen -lf prints it, got ${show(value)}`,
  hostKeyForm,
)

const jump = checked(value => {
  const hops = value.split(',').map(parseHost)
  return hops.map(hop => ('problem' in hop ? hop.problem : null)).find(problem => problem !== null) ?? null
})

const form = closed({
  name: name.optional(),
  host: address.optional(),
  port: port.optional(),
  user: checked(userProblem).optional(),
  identityFile: localPath.optional(),
  knownHosts: localPath.optional(),
  hostKey: hostKey.optional(),
  jump: jump.optional(),
  roles: z.array(role).optional(),
  deployTo: deployFolder.optional(),
  env: env.optional(),
})

const short: z.ZodType<HostEntry> = z.string().transform((value, context): HostEntry => {
  const parsed = parseHost(value)
  if ('parts' in parsed) return entry(parsed.parts.host, parsed.parts)
  context.issues.push({ code: 'custom', input: value, message: parsed.problem })
  return z.NEVER
})

const long: z.ZodType<HostEntry> = form.transform((value, context): HostEntry => {
  const host = value.host ?? value.name
  if (host !== undefined) return entry(host, value)
  context.issues.push({ code: 'custom', path: ['host'], input: undefined, message: 'is missing' })
  return z.NEVER
})

export const host: z.ZodType<HostEntry> = choose(value => (isObject(value) ? long : short), short, long)

function entry(host: string, { name, roles, deployTo, env, ...rest }: Partial<z.output<typeof form>>): HostEntry {
  return {
    ...defined(rest),
    name: name ?? defaultName(host, rest.port),
    host,
    roles: roles ?? [],
    deployTo: deployTo ?? null,
    env: env ?? {},
  }
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the keys that have no value. */
function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>
}

/** A list of hosts: written in the config, or answered by its function or file. */
export const hostList: z.ZodType<readonly HostEntry[]> = z.array(host).min(1, 'has no hosts')

const list: z.ZodType<HostSource> = hostList.transform(entries => ({ kind: 'list' as const, entries }))

const call: z.ZodType<HostSource> = z
  .custom<() => unknown>(value => typeof value === 'function')
  .transform(call => ({ kind: 'function' as const, call }))

const file: z.ZodType<HostSource> = checked(
  value => (value.endsWith('.json') ? lineProblem(value) : 'should be a list of hosts, or the path of a .json file'),
  /\.json$/,
).transform(value => ({ kind: 'file' as const, file: value }))

const embedded: z.ZodType<HostSource> = closed({ embedded: z.int().min(1).max(100) }).transform(value => {
  return { kind: 'embedded' as const, count: value.embedded }
})

const command: z.ZodType<HostSource> = closed({
  command: text,
  timeout: duration.optional(),
  roles: roles.optional(),
}).transform(({ command, timeout, roles }) => {
  return { kind: 'command' as const, command, timeout: timeout ?? 60_000, roles: roles ?? null }
})

const forms = "a list of hosts, a function, the path of a .json file, { command: '…' } or { embedded: 3 }"

const none: z.ZodType<never> = z.never({ error: issue => should(forms, issue.input) })

export const hosts: z.ZodType<HostSource> = choose<HostSource>(
  value => {
    if (Array.isArray(value)) return list
    if (typeof value === 'function') return call
    if (typeof value === 'string') return file
    if (!isObject(value)) return none
    return Object.keys(value).some(key => suggest(key, ['command', 'timeout', 'roles']) !== null) ? command : embedded
  },
  list,
  call,
  file,
  command,
  embedded,
)
