import * as z from 'zod'
import { portCommand, type Service, serviceCommand } from '../../scripts/service/restart-command.js'
import { choose, isObject, oneOrMany } from '../choose.js'
import type { Hook } from '../config.js'
import { show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { innerPath } from './path.js'
import { checked, duration, lineProblem, roles, text } from './scalars.js'

const limits = { roles: roles.optional(), timeout: duration.optional() }
const kinds = ['ports', 'run', 'systemd', 'pm2', 'touch', 'switch'] as const
const oneKind = 'a restart has only one of run, systemd, pm2, touch, switch and ports; make two restarts of it'
const others = (own: (typeof kinds)[number], besides?: (typeof kinds)[number]) =>
  Object.fromEntries(kinds.flatMap(kind => (kind === own || kind === besides ? [] : [[kind, oneKind]])))
const once = { once: 'only a prepare command can run once; restart has to happen on every host' }

const short: z.ZodType<Hook> = text.transform(run => hookOf({}, run))

const command: z.ZodType<Hook> = closed({ run: text, ...limits }, { ...others('run'), ...once }).transform(
  ({ run, ...rest }) => hookOf(rest, run),
)

const unit = checked(unitProblem).transform(braced)

const systemd: z.ZodType<Hook> = closed(
  {
    systemd: oneOrMany(unit),
    user: z.boolean().optional(),
    reload: z.boolean().optional(),
    sudo: z.boolean().optional(),
    ...limits,
  },
  { ...others('systemd'), ...once },
)
  .refine(({ user, sudo }) => !(user && sudo), { path: ['sudo'], message: 'has no use for units of the login itself' })
  .refine(list => list.systemd.length > 0, { path: ['systemd'], message: 'names no unit' })
  .transform(({ systemd: units, user = false, reload = false, sudo = 'auto' as const, ...rest }) =>
    serviceOf(rest, {
      kind: 'systemd',
      units: units.flat(),
      user,
      verb: reload ? 'reload-or-restart' : 'restart',
      sudo: user ? false : sudo,
    }),
  )

const pm2: z.ZodType<Hook> = closed({ pm2: checked(pm2Problem), ...limits }, { ...others('pm2'), ...once }).transform(
  ({ pm2: target, ...rest }) => {
    const isFile = isEcosystem(target)
    return serviceOf(rest, { kind: 'pm2', file: isFile ? target : null, name: isFile ? null : target })
  },
)

const touch: z.ZodType<Hook> = closed({ touch: innerPath, ...limits }, { ...others('touch'), ...once }).transform(
  ({ touch: file, ...rest }) => serviceOf(rest, { kind: 'touch', file }),
)

const warm: z.ZodType<Hook> = closed(
  { warm: text, ready: text, switch: text, cool: text, ...limits },
  { ...others('switch'), ...once },
).transform(({ warm, ready, switch: run, cool, ...rest }) => ({ ...hookOf(rest, run), warm: { warm, ready, cool } }))

const port = z.int().min(1).max(65_535)
const template = checked(value =>
  /^[\w:.-]+@$/.test(value)
    ? null
    : `is no template of units: ${show(value)}; write it like "shop@": the instance is the port`,
)

const ports: z.ZodType<Hook> = closed(
  {
    ports: z.tuple([port, port]),
    systemd: template.optional(),
    user: z.boolean().optional(),
    sudo: z.boolean().optional(),
    start: text.optional(),
    stop: text.optional(),
    ...limits,
  },
  { ...others('ports', 'systemd'), ...once },
)
  .refine(({ ports: [a, b] }) => a !== b, { path: ['ports'], message: 'should be two ports, got one of them twice' })
  .refine(({ systemd: unit, start, stop }) => (unit === undefined) === (start !== undefined && stop !== undefined), {
    path: ['ports'],
    message: 'needs either systemd, the template of its units such as "shop@", or start and stop',
  })
  .refine(({ user, sudo }) => !(user && sudo), { path: ['sudo'], message: 'has no use for units of the login itself' })
  .transform(
    ({ ports: numbers, systemd: unit, user = false, sudo = 'auto' as const, start = '', stop = '', ...rest }) => {
      if (unit === undefined) return { ...hookOf(rest, start), ports: { numbers, stop } }
      const how = { user, sudo: user ? false : sudo }
      const service = { kind: 'systemd', units: numbers.map(one => `${unit}${one}`), verb: 'start', ...how } as const
      const command = (verb: 'start' | 'stop') => portCommand({ unit, verb, ...how })
      return { ...hookOf(rest, command('start')), service, ports: { numbers, stop: command('stop') } }
    },
  )

const forms = { run: command, systemd, pm2, touch, switch: warm, ports }

const warmKeys = ['warm', 'ready', 'cool']

/** What makes the app serve the release: commands, or a service that we know how to restart. */
export const restart = oneOrMany(
  choose<Hook>(
    value => {
      if (!isObject(value)) return short
      const kind = kinds.find(one => one in value) ?? (warmKeys.some(key => key in value) ? 'switch' : 'run')
      return forms[kind]
    },
    short,
    ...Object.values(forms),
  ),
)

interface Limits {
  readonly roles?: readonly string[] | undefined
  readonly timeout?: number | undefined
}

function hookOf({ roles: only, timeout = 60_000 }: Limits, run: string): Hook {
  return { run, once: false, roles: only ?? null, timeout }
}

function serviceOf(rest: Limits, service: Service): Hook {
  return { ...hookOf(rest, serviceCommand(service)), service }
}

/** `shop@{1,2}` are two units, as the shell would say it. */
function braced(value: string): readonly string[] {
  const [, before = '', inner, after = ''] = /^([^{]*)\{([^{}]+)\}(.*)$/.exec(value) ?? []
  return inner === undefined ? [value] : inner.split(',').flatMap(one => braced(`${before}${one}${after}`))
}

/** No pattern: one that finds no unit would be a restart that does nothing, and succeeds. */
function unitProblem(value: string): string | null {
  const wrong = braced(value).find(name => !/^[\w:.\\@][\w:.\\@-]*$/.test(name))
  return wrong === undefined ? null : `is no name of a unit: ${show(wrong)}; write it like shop, shop@1 or shop@{1,2}`
}

function isEcosystem(target: string): boolean {
  return target.includes('/') || /\.(c?js|mjs|json|ya?ml)$/.test(target)
}

function pm2Problem(value: string): string | null {
  const problem = lineProblem(value)
  if (problem !== null) return problem
  if (value.startsWith('-')) return `begins with "-": pm2 would take it for an option: ${show(value)}`
  if (!isEcosystem(value) && !/^[\w.@: -]+$/.test(value)) return `is no name that can be used here: ${show(value)}`
  if (value.split('/').includes('..')) return `has ".." in it: ${show(value)}`
  return /^(?:\.\/)?(current|releases)\//.test(value)
    ? `lies in a release, and pm2 would stay on that one: keep it outside, such as in "shared/", with an absolute cwd of …/current`
    : null
}
