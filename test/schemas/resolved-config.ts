import * as z from 'zod'
import type {
  Ask,
  AuditConfig,
  Bake,
  BalancerConfig,
  Config,
  HealthCheck,
  Hook,
  Login,
  Rollout,
  SecretSource,
  Source,
  SshConfig,
  StoreConfig,
  Webhook,
} from '../../src/config/config.js'
import { noticeEvents } from '../../src/config/fields/notify.js'
import type { Secret } from '../../src/config/secrets/redact.js'
import type { Host } from '../../src/inventory/host.js'
import type { LogSource } from '../../src/scripts/read/app-log.js'
import type { Service } from '../../src/scripts/service/restart-command.js'
import { exactly } from './exactly.js'
import { count, ended, names, orNull } from './parts.js'

const variables = z.record(z.string(), z.string())
const roles = names.nullable()
/** Milliseconds. */
const duration = z.int().nonnegative()

const source = exactly<Source>()(
  z.union([
    z.strictObject({
      kind: z.literal('git'),
      repository: z.string(),
      ref: z.string(),
      subdir: orNull,
      submodules: z.boolean().nullable(),
    }),
    z.strictObject({ kind: z.literal('folder'), dir: z.string() }),
    z.strictObject({ kind: z.literal('artifact'), path: z.string() }),
  ]),
)

const host = exactly<Host>()(
  z.strictObject({
    name: z.string(),
    host: z.string(),
    user: z.string().exactOptional(),
    port: z.int().exactOptional(),
    identityFile: z.string().exactOptional(),
    knownHosts: z.string().exactOptional(),
    hostKey: z.string().exactOptional(),
    jump: z.string().exactOptional(),
    roles: names,
    deployTo: z.string(),
    env: variables,
  }),
).register(z.globalRegistry, { id: 'host' })

const secret = exactly<SecretSource>()(
  z.union([
    z.strictObject({ env: z.string() }),
    z.strictObject({ cmd: z.string() }),
    z.strictObject({ file: z.string() }),
  ]),
)

const service = exactly<Service>()(
  z.union([
    z.strictObject({
      kind: z.literal('systemd'),
      units: names,
      user: z.boolean(),
      verb: z.enum(['restart', 'reload-or-restart', 'start', 'stop']),
      sudo: z.union([z.boolean(), z.literal('auto')]),
    }),
    z.strictObject({ kind: z.literal('pm2'), file: orNull, name: orNull }),
    z.strictObject({ kind: z.literal('touch'), file: z.string() }),
  ]),
)

const port = z.int().min(1).max(65_535)

const hook = exactly<Hook>()(
  z.strictObject({
    run: z.string(),
    once: z.boolean(),
    roles,
    timeout: duration,
    service: service.exactOptional(),
    warm: z.strictObject({ warm: z.string(), ready: z.string(), cool: z.string() }).exactOptional(),
    ports: z.strictObject({ numbers: z.tuple([port, port]), stop: z.string() }).exactOptional(),
  }),
).register(z.globalRegistry, { id: 'hook' })

const limits = { timeout: duration, tryTimeout: duration, roles }

const request = z.strictObject({
  kind: z.literal('http'),
  url: z.string(),
  status: z.int(),
  contains: orNull,
  headers: variables,
  release: z.union([z.literal('body'), z.strictObject({ header: z.string() })]).nullable(),
  ...limits,
})

const health = exactly<HealthCheck>()(
  z.union([
    request,
    z.strictObject({ kind: z.literal('tcp'), address: z.string(), ...limits }),
    z.strictObject({ kind: z.literal('command'), run: z.string(), ...limits }),
  ]),
)

const logs = exactly<LogSource>()(
  z.union([
    z.strictObject({ kind: z.literal('command'), run: z.string() }),
    z.strictObject({ kind: z.literal('file'), file: z.string() }),
    z.strictObject({ kind: z.literal('journal'), units: names, user: z.boolean() }),
    z.strictObject({ kind: z.literal('pm2'), name: orNull }),
  ]),
)

/** Text, or the place of a secret. */
const values = z.record(z.string(), z.union([z.string(), secret]))

const ask = exactly<Ask>()(
  z.strictObject({ url: z.string(), headers: values, ignore: z.strictObject({ headers: names, lines: names }) }),
)

const login = exactly<Login>()(
  z.strictObject({
    request: z.strictObject({
      url: z.string(),
      method: z.string(),
      headers: values,
      body: z.strictObject({ kind: z.enum(['form', 'json']), fields: values }).nullable(),
      token: z.strictObject({ page: z.string(), field: z.string() }).nullable(),
    }),
    page: z.strictObject({ url: z.string(), headers: values }),
    expect: z.string(),
  }),
)

const audit = exactly<AuditConfig>()(
  z.strictObject({ ignore: names, sessions: names, ask: z.array(ask), login: login.nullable() }),
)

const amount = z.union([z.int().nonnegative(), z.templateLiteral([z.number(), '%'])])

const canary = z.strictObject({
  hosts: z.int().min(1),
  pause: duration,
  check: z.strictObject({ run: z.string(), on: z.enum(['here', 'hosts']), timeout: duration }).nullable(),
  confirm: z.boolean(),
})

const bake = exactly<Bake>()(
  z.strictObject({
    for: duration,
    every: duration,
    failures: z.int().min(1),
    perBatch: z.boolean(),
    check: z
      .union([z.strictObject({ kind: z.literal('command'), run: z.string(), timeout: duration }), request])
      .nullable(),
  }),
)

const rollout = exactly<Rollout>()(
  z.strictObject({ batch: amount, minUp: amount.nullable(), canary: canary.nullable(), bake: bake.nullable() }),
)

const aboutBalancer = {
  server: z.union([z.string(), variables]),
  roles,
  drainTimeout: duration,
  readyTimeout: duration,
  settle: duration,
}

const balancer = exactly<BalancerConfig>()(
  z.union([
    z.strictObject({
      kind: z.literal('haproxy'),
      hosts: z.array(host),
      socket: z.string(),
      backends: names,
      ...aboutBalancer,
    }),
    z.strictObject({
      kind: z.literal('nginx'),
      hosts: z.array(host),
      upstreamFile: z.string(),
      test: z.string(),
      reload: z.string(),
      ...aboutBalancer,
    }),
    z.strictObject({
      kind: z.literal('command'),
      drain: z.string(),
      ready: z.string(),
      state: orNull,
      ...aboutBalancer,
    }),
  ]),
)

const store = exactly<StoreConfig>()(
  z.union([
    z.strictObject({ kind: z.literal('folder'), dir: z.string() }),
    z.strictObject({ kind: z.literal('s3'), bucket: z.string(), prefix: z.string(), region: orNull, endpoint: orNull }),
  ]),
)

/** The address itself is never printed. */
type Shown = Omit<Webhook, 'url'> & { readonly url: '[redacted]' | Exclude<Webhook['url'], Secret> }

const webhook = exactly<Shown>()(
  z.strictObject({
    url: z
      .union([z.literal('[redacted]'), z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])
      .nullable(),
    as: z.enum(['slack', 'discord', 'mattermost', 'json']).nullable(),
    on: z.array(z.enum(noticeEvents)),
  }),
)

const ssh = exactly<SshConfig>()(
  z.strictObject({
    configFile: orNull,
    connectTimeout: duration,
    stallTimeout: duration,
    concurrency: z.int(),
    transport: z.enum(['auto', 'builtin', 'openssh']),
  }),
)

const keys = {
  app: z.string(),
  protected: z.boolean(),
  file: z.string(),
  root: z.string(),
  source,
  build: names,
  buildEnv: variables,
  buildCache: z
    .strictObject({
      paths: names,
      key: names.nullable(),
      installer: z.strictObject({ tool: z.enum(['npm', 'pnpm', 'yarn', 'bun']), scripts: z.boolean() }).nullable(),
    })
    .nullable(),
  releaseRoot: orNull,
  include: names.nullable(),
  hosts: z.array(host),
  hostsCommand: z.strictObject({ command: z.string(), timeout: duration, roles }).nullable(),
  embedded: count,
  writable: names,
  shared: z.strictObject({ dirs: names, files: names }),
  env: variables,
  secrets: z.record(z.string(), secret),
  prepare: z.array(hook),
  restart: z.array(hook),
  health: z.array(health),
  same: z.array(ask),
  oldProcesses: z.enum(['fail', 'warn']),
  memory: z.enum(['fail', 'warn']),
  platform: z.enum(['fail', 'ignore']),
  runtime: z.array(z.strictObject({ run: z.string(), roles })),
  logs: logs.nullable(),
  audit,
  identical: z.enum(['strict', 'warn']),
  unchanged: z.enum(['auto', 'copy']),
  relay: z.strictObject({ seeds: z.int(), port }).nullable(),
  keepReleases: z.int(),
  rollout,
  balancer: balancer.nullable(),
  store: store.nullable(),
  sign: z.strictObject({ key: z.string() }).nullable(),
  allowedSigners: orNull,
  notify: z.array(webhook),
  ssh,
}

/** The list of files that a build leaves in shared folders is none of a configuration. */
type Written = Omit<Config, 'shared' | 'stage' | 'notify'> & {
  readonly shared: Omit<Config['shared'], 'skeleton'>
  readonly notify: readonly Shown[]
}

exactly<Written>()(z.strictObject(keys))

/** What `config --json` prints: the configuration of a stage with its defaults. Durations are milliseconds. */
export const config = ended('config', ['done'], keys)
