import * as z from 'zod'
import type { HostEntry } from '../../inventory/host.js'
import { choose, isObject, oneOrMany } from '../choose.js'
import { should, show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { host } from './hosts.js'
import { checked, duration, lineProblem, roles, text } from './scalars.js'

/** A balancer as it is said; its hosts are not yet those of the inventory. */
export type BalancerEntry = BalancerWay & BalancerLimits

type BalancerWay =
  | {
      readonly kind: 'haproxy'
      readonly hosts: readonly HostEntry[]
      readonly socket: string
      readonly backends: readonly string[]
    }
  | {
      readonly kind: 'nginx'
      readonly hosts: readonly HostEntry[]
      readonly upstreamFile: string
      readonly test: string
      readonly reload: string
    }
  | { readonly kind: 'command'; readonly drain: string; readonly ready: string; readonly state: string | null }

interface BalancerLimits {
  readonly server: string | Readonly<Record<string, string>>
  readonly roles: readonly string[] | null
  readonly drainTimeout: number
  readonly readyTimeout: number
  readonly settle: number
}

const absolute = checked(
  value => (value.startsWith('/') ? lineProblem(value) : `should be an absolute path, got ${show(value)}`),
  /^\//,
)

/** One word: it becomes part of a line that the balancer reads. */
const word = checked(value => (/^[\w.:@%+-]+$/.test(value) ? null : `should be one word, got ${show(value)}`))

const pattern = checked(value =>
  /^[\w.:@%+${}-]+$/.test(value)
    ? null
    : `should be one word, with $NAME for a variable of the host, got ${show(value)}`,
)

const names = z.record(z.string(), word)
const server = choose<string | Readonly<Record<string, string>>>(
  value => (isObject(value) ? names : pattern),
  pattern,
  names,
)

const haproxy = closed({ host: oneOrMany(host), socket: absolute, backend: oneOrMany(word), server: server.optional() })
const nginx = closed({
  host: oneOrMany(host),
  upstreamFile: absolute,
  test: text.optional(),
  reload: text.optional(),
  server: server.optional(),
})
const command = closed({ drain: text, ready: text, state: text.optional(), server: server.optional() })

const limits = {
  roles: roles.optional(),
  drainTimeout: duration.optional(),
  readyTimeout: duration.optional(),
  settle: duration.optional(),
}

const one = 'a stage has one balancer: haproxy, nginx or command'

const byHaproxy: z.ZodType<BalancerEntry> = closed({ haproxy, ...limits }, { nginx: one, command: one }).transform(
  ({ haproxy: { host: hosts, backend: backends, socket, server: name }, ...rest }) => {
    return { kind: 'haproxy' as const, hosts, backends, socket, server: name ?? '$CLONEDEPLOY_HOST', ...bounds(rest) }
  },
)

const byNginx: z.ZodType<BalancerEntry> = closed({ nginx, ...limits }, { haproxy: one, command: one }).transform(
  ({ nginx: { host: hosts, upstreamFile, test = 'nginx -t', reload = 'nginx -s reload', server: name }, ...rest }) => {
    const address = name ?? '$CLONEDEPLOY_HOST_ADDRESS'
    return { kind: 'nginx' as const, hosts, upstreamFile, test, reload, server: address, ...bounds(rest) }
  },
)

const byCommand: z.ZodType<BalancerEntry> = closed({ command, ...limits }, { haproxy: one, nginx: one }).transform(
  ({ command: { drain, ready, state = null, server: name }, ...rest }) => {
    return { kind: 'command' as const, drain, ready, state, server: name ?? '$CLONEDEPLOY_HOST', ...bounds(rest) }
  },
)

const none: z.ZodType<never> = z.never({
  error: issue => should('{ haproxy: … }, { nginx: … } or { command: … }', issue.input),
})

/** What stands before the hosts, and how it is told that one of them is out of service. */
export const balancer = choose<BalancerEntry>(
  value => {
    if (!isObject(value)) return none
    if ('haproxy' in value) return byHaproxy
    if ('nginx' in value) return byNginx
    return 'command' in value ? byCommand : none
  },
  byHaproxy,
  byNginx,
  byCommand,
)

interface Limits {
  readonly roles?: readonly string[] | undefined
  readonly drainTimeout?: number | undefined
  readonly readyTimeout?: number | undefined
  readonly settle?: number | undefined
}

function bounds({ roles: only, drainTimeout = 30_000, readyTimeout = 30_000, settle = 5000 }: Limits) {
  return { roles: only ?? null, drainTimeout, readyTimeout, settle }
}
