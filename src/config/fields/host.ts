import * as z from 'zod'
import { defaultName, type HostEntry } from '../../inventory/host.js'
import { hostProblem, parseHost, userProblem } from '../../inventory/parse.js'
import { choose, isObject } from '../choose.js'
import { closed } from '../closed.js'
import { defined } from '../defined.js'
import { show } from '../problems/show.js'
import { deployFolder, localPath } from './path.js'
import { port } from './port.js'
import { role } from './roles.js'
import { checked } from './text.js'
import { env } from './variables.js'

const name = checked(value => {
  if (value.startsWith('-')) return 'begins with "-": ssh would take it for an option'
  return /^[\w.:@%[\]-]+$/.test(value) ? null : `should be one word without commas, got ${show(value)}`
})

const address = checked(value => {
  const problem = hostProblem(value)
  return problem !== null && /.[@:]/.test(value) ? `${problem}; user and port are keys of their own` : problem
})

const hostKey = checked(value =>
  /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(value)
    ? null
    : `should be SHA256: and 43 characters, as ssh-keygen -lf prints it, got ${show(value)}`,
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
