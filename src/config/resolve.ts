import { resolve } from 'node:path'
import type { Host, HostEntry, HostsCommand } from '../inventory/host.js'
import type { AuditConfig, BalancerConfig, Config, SecretSource, Source, StoreConfig, Webhook } from './config.js'
import type { BalancerEntry } from './fields/balancer.js'
import type { Layer } from './schema.js'
import { withValues } from './secrets/audit-secrets.js'

interface Place {
  readonly file: string
  readonly root: string
  readonly home: string
}

/** The config of one stage with its defaults, and every local path absolute. */
export function resolveConfig(stage: string, layer: Layer, entries: readonly HostEntry[], place: Place): Config {
  const absolute = (path: string) => absolutePath(path, place)
  return {
    app: layer.app ?? '',
    stage,
    protected: layer.protected ?? false,
    file: place.file,
    root: place.root,
    source: resolveSource(layer.source, absolute),
    build: layer.build?.run ?? [],
    buildEnv: layer.build?.env ?? {},
    buildCache: layer.build?.cache ?? null,
    releaseRoot: layer.root ?? null,
    include: layer.include ?? null,
    hosts: entries.map(entry => resolveHost(entry, layer.deployTo ?? '', absolute)),
    hostsCommand: layer.hosts?.kind === 'command' ? commandOf(layer.hosts) : null,
    embedded: layer.hosts?.kind === 'embedded' ? layer.hosts.count : 0,
    shared: { dirs: layer.shared?.dirs ?? [], files: layer.shared?.files ?? [] },
    writable: layer.writable ?? [],
    env: layer.env ?? {},
    secrets: Object.fromEntries(
      Object.entries(layer.secrets ?? {}).map(([name, source]) => [name, resolveSecret(source, absolute)]),
    ),
    prepare: layer.prepare ?? [],
    restart: layer.restart ?? [],
    health: (layer.health ?? []).filter(check => check.kind !== 'same'),
    same: (layer.health ?? []).flatMap(check => (check.kind === 'same' ? check.asks : [])),
    oldProcesses: layer.oldProcesses ?? 'fail',
    memory: layer.memory ?? 'fail',
    platform: layer.platform ?? 'fail',
    runtime: layer.runtime ?? [],
    logs: layer.logs ?? null,
    audit: resolveAudit(layer.audit ?? { ignore: [], sessions: [], ask: [], login: null }, absolute),
    identical: layer.identical ?? 'strict',
    unchanged: layer.unchanged ?? 'auto',
    relay: layer.relay ?? null,
    keepReleases: layer.keepReleases ?? 5,
    rollout: layer.rollout ?? { batch: '100%', minUp: null, canary: null, bake: null },
    balancer:
      layer.balancer === undefined ? null : resolveBalancer(layer.balancer, entries, layer.deployTo ?? '', absolute),
    store: resolveStore(layer.store, absolute),
    sign: layer.sign === undefined ? null : { key: absolute(layer.sign.key) },
    allowedSigners: layer.allowedSigners === undefined ? null : absolute(layer.allowedSigners),
    notify: (layer.notify ?? []).map(webhook => resolveWebhook(webhook, absolute)),
    ssh: {
      configFile: layer.ssh?.configFile === undefined ? null : absolute(layer.ssh.configFile),
      connectTimeout: layer.ssh?.connectTimeout ?? 10_000,
      stallTimeout: layer.ssh?.stallTimeout ?? 600_000,
      concurrency: layer.ssh?.concurrency ?? 64,
      transport: layer.ssh?.transport ?? 'auto',
    },
  }
}

function commandOf({ command, timeout, roles }: HostsCommand): HostsCommand {
  return { command, timeout, roles }
}

type Absolute = (path: string) => string

/** A path of the config is relative to its folder; `~/` is the home of whoever runs it. */
export function absolutePath(path: string, { root, home }: { readonly root: string; readonly home: string }): string {
  return path === '~' || path.startsWith('~/') ? resolve(home, path.slice(2)) : resolve(root, path)
}

function resolveSource(source: Source | undefined, absolute: Absolute): Source {
  const given = source ?? { kind: 'git', repository: '.', ref: 'HEAD', subdir: null, submodules: null }
  if (given.kind === 'folder') return { ...given, dir: absolute(given.dir) }
  if (given.kind === 'artifact') return { ...given, path: absolute(given.path) }
  const { repository } = given
  return { ...given, repository: isRemote(repository) ? repository : absolute(repository) }
}

/** `https://…`, `ssh://…`, and scp's `git@host:path`, which has its colon before any slash. */
function isRemote(repository: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(repository) || /^[^/]+:/.test(repository)
}

function resolveHost(entry: HostEntry, deployTo: string, absolute: Absolute): Host {
  const { identityFile, knownHosts } = entry
  return {
    ...entry,
    ...(identityFile === undefined ? {} : { identityFile: absolute(identityFile) }),
    ...(knownHosts === undefined ? {} : { knownHosts: absolute(knownHosts) }),
    deployTo: entry.deployTo ?? deployTo,
  }
}

/** A balancer that is a host of the inventory is reached as that one is. */
function resolveBalancer(
  entry: BalancerEntry,
  entries: readonly HostEntry[],
  deployTo: string,
  absolute: Absolute,
): BalancerConfig {
  if (entry.kind === 'command') return entry
  const hosts = entry.hosts.map(one =>
    resolveHost(entries.find(({ name }) => name === one.name) ?? one, deployTo, absolute),
  )
  return { ...entry, hosts }
}

function resolveStore(store: StoreConfig | null | undefined, absolute: Absolute): StoreConfig | null {
  return store?.kind === 'folder' ? { ...store, dir: absolute(store.dir) } : (store ?? null)
}

function resolveWebhook(webhook: Webhook, absolute: Absolute): Webhook {
  const { url } = webhook
  return url !== null && 'file' in url ? { ...webhook, url: { file: absolute(url.file) } } : webhook
}

function resolveAudit(audit: AuditConfig, absolute: Absolute): AuditConfig {
  return withValues(audit, value => (typeof value === 'string' ? value : resolveSecret(value, absolute)))
}

function resolveSecret(source: SecretSource, absolute: Absolute): SecretSource {
  return 'file' in source ? { file: absolute(source.file) } : source
}
