import type { Host } from '../inventory/host.js'
import { logText, serviceLog } from '../scripts/read/app-log.js'
import { serviceText } from '../scripts/service/restart-command.js'
import { formatDuration } from '../text/duration.js'
import type {
  AuditConfig,
  Bake,
  BalancerConfig,
  Config,
  HealthCheck,
  Hook,
  Ports,
  Relay,
  Rollout,
  RuntimeCommand,
  SecretSource,
  Source,
  SshConfig,
  StoreConfig,
  Webhook,
} from './config.js'
import { noticeEvents } from './fields/notify.js'

/** The resolved config for people, without colour. Secrets are named by their source; they are not read. */
export function describeConfig(config: Config): string {
  const hosts = config.hosts.length === 1 ? '1 host' : `${config.hosts.length} hosts`
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['source', [sourceText(config.source)]],
    ['build', [...config.build, ...envText(config.buildEnv), ...cacheText(config.buildCache)]],
    ...(config.releaseRoot === null ? [] : [['root', [config.releaseRoot]] as const]),
    ['include', config.include ?? ['everything that .deployignore does not name']],
    ['hosts', [...hostLines(config), ...listedText(config)]],
    ['shared', [...config.shared.dirs.map(dir => `${dir}/`), ...config.shared.files]],
    ...(config.writable.length === 0 ? [] : [['writable', config.writable] as const]),
    ['env', envText(config.env)],
    ['secrets', Object.entries(config.secrets).map(([name, source]) => `${name} from ${secretText(source)}`)],
    ['prepare', config.prepare.map(hookText)],
    ['restart', config.restart.map(hookText)],
    ['health', [...config.health.map(healthText), ...sameText(config.same)]],
    ['processes', [oldText(config.oldProcesses)]],
    ...(config.restart.some(({ warm }) => warm !== undefined)
      ? [['memory', [memoryText(config.memory)]] as const]
      : []),
    ...(config.platform === 'ignore' ? [['platform', ['what hosts cannot run is not looked for']] as const] : []),
    ...(config.runtime.length === 0 ? [] : [['runtime', config.runtime.map(runtimeText)] as const]),
    ['logs', logsText(config)],
    ...auditRows(config.audit),
    ['identical', [config.identical]],
    ['unchanged', [config.unchanged]],
    ...(config.relay === null ? [] : [['relay', [relayText(config.relay)]] as const]),
    ['keep', [config.keepReleases === 1 ? '1 release' : `${config.keepReleases} releases`]],
    ['rollout', [rolloutText(config.rollout)]],
    ...(config.balancer === null ? [] : [['balancer', balancerLines(config.balancer)] as const]),
    ...(config.store === null ? [] : [['store', [storeText(config.store)]] as const]),
    ...(config.allowedSigners === null ? [] : [['signers', signerLines(config)] as const]),
    ...(config.notify.length === 0 ? [] : [['notify', config.notify.map(webhookText)] as const]),
    ['ssh', [sshText(config.ssh)]],
    ...(config.protected ? [['protected', ['deploying asks first']] as const] : []),
  ]
  const heading = `${config.app} → ${config.stage}   ${hosts}   ${config.file}`
  return `${[heading, '', ...rows.flatMap(([name, lines]) => row(name, lines))].join('\n')}\n`
}

/** The resolved config as one JSON object; durations are in milliseconds. */
export function configJson(config: Config): object {
  return { v: 1, command: 'config', ...config }
}

function row(name: string, lines: readonly string[]): readonly string[] {
  const all = lines.flatMap(line => line.split('\n'))
  return (all.length === 0 ? ['none'] : all).map((line, i) => `${(i === 0 ? name : '').padEnd(11)}${line}`)
}

function cacheText(cache: Config['buildCache']): readonly string[] {
  if (cache === null) return []
  const decides = cache.key ?? [`the lock file of ${cache.installer?.tool}`]
  return [`keeps ${cache.paths.join(', ')} of the first command, by ${decides.join(', ')}`]
}

function sourceText(source: Source): string {
  if (source.kind === 'folder') return `folder ${source.dir}`
  if (source.kind === 'artifact') return `artifact ${source.path}`
  const subdir = source.subdir === null ? '' : `, its folder ${source.subdir}`
  return `git ${source.repository} at ${source.ref}${subdir}${source.submodules ? ', with submodules' : ''}`
}

function hostLines({ hosts, embedded }: Config): readonly string[] {
  const name = Math.max(...hosts.map(host => host.name.length))
  const address = Math.max(...hosts.map(host => addressOf(host, embedded).length))
  return hosts.map(host =>
    [host.name.padEnd(name), addressOf(host, embedded).padEnd(address), host.deployTo, ...extras(host)].join('   '),
  )
}

function listedText({ hostsCommand }: Config): readonly string[] {
  if (hostsCommand === null) return []
  const { command, timeout, roles } = hostsCommand
  return [`listed by ${command}   (${[...rolesText(roles), `within ${formatDuration(timeout)}`].join(', ')})`]
}

function addressOf(host: Host, embedded: number): string {
  if (embedded > 0) return 'inside this process'
  const port = host.port === undefined ? '' : `:${host.port}`
  const address = port !== '' && host.host.includes(':') ? `[${host.host}]` : host.host
  return `${host.user === undefined ? '' : `${host.user}@`}${address}${port}`
}

function extras({ roles, jump, identityFile, knownHosts, hostKey, env }: Host): readonly string[] {
  return [
    ...(roles.length === 0 ? [] : [`roles ${roles.join(', ')}`]),
    ...(jump === undefined ? [] : [`over ${jump}`]),
    ...(identityFile === undefined ? [] : [`key ${identityFile}`]),
    ...(knownHosts === undefined ? [] : [`known hosts ${knownHosts}`]),
    ...(hostKey === undefined ? [] : [`host key ${hostKey}`]),
    ...envText(env),
  ]
}

function envText(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).map(
    ([name, value]) => `${name}=${/^[\w./:@%+,-]*$/.test(value) ? value : JSON.stringify(value)}`,
  )
}

function secretText(source: SecretSource): string {
  if ('env' in source) return `$${source.env}`
  return 'cmd' in source ? `the command ${source.cmd}` : `the file ${source.file}`
}

function hookText({ run, service, warm, ports, once, roles, timeout }: Hook): string {
  const where = once ? ['on one host'] : []
  const command = service === undefined ? run : serviceText(service)
  const both = ports === undefined ? command : portsText(command, ports)
  const all = warm === undefined ? both : `warm: ${warm.warm}; ready: ${warm.ready}; switch: ${run}; cool: ${warm.cool}`
  return `${all}   (${[...where, ...rolesText(roles), `within ${formatDuration(timeout)}`].join(', ')})`
}

function portsText(start: string, { numbers, stop }: Ports): string {
  return start.startsWith('systemctl ')
    ? `ports ${numbers.join(' and ')} in turn: ${start}`
    : `ports ${numbers.join(' and ')} in turn: start: ${start}; stop: ${stop}`
}

function healthText(check: HealthCheck): string {
  const limits = [
    ...rolesText(check.roles),
    `within ${formatDuration(check.timeout)}`,
    `${formatDuration(check.tryTimeout)} a try`,
  ]
  return `${checkText(check)}   (${limits.join(', ')})`
}

function sameText(same: Config['same']): readonly string[] {
  return same.length === 0
    ? []
    : [`all hosts answer ${same.map(({ url }) => url).join(', ')} alike before a deploy is confirmed`]
}

function checkText(check: HealthCheck): string {
  if (check.kind === 'command') return check.run
  return check.kind === 'tcp' ? `tcp ${check.address} takes connections` : httpText(check)
}

function httpText({ url, status, contains, headers, release }: Extract<HealthCheck, { kind: 'http' }>): string {
  const body = contains === null ? '' : `, the body holds ${JSON.stringify(contains)}`
  const names = release === null ? '' : `, names the release in ${release === 'body' ? 'the body' : release.header}`
  const also = Object.entries(headers).map(([name, value]) => `, ${name} holds ${JSON.stringify(value)}`)
  return `GET ${url} = ${status}${body}${also.join('')}${names}`
}

function oldText(old: Config['oldProcesses']): string {
  return `an old one that is left after a restart ${old === 'fail' ? 'fails the run' : 'is a warning'}`
}

function memoryText(memory: Config['memory']): string {
  return `too little for two releases ${memory === 'fail' ? 'refuses a deploy' : 'is a warning'}`
}

function runtimeText({ run, roles }: RuntimeCommand): string {
  return roles === null ? run : `${run}   (${rolesText(roles)})`
}

function logsText({ logs, restart }: Config): readonly string[] {
  if (logs !== null) return [logText(logs)]
  return restart.flatMap(({ service }) => serviceLog(service) ?? []).map(logText)
}

function auditRows({ ignore, sessions, ask, login }: AuditConfig): readonly (readonly [string, readonly string[]])[] {
  const lines = [
    ...ignore.map(path => `passes over ${path}`),
    ...sessions.map(path => `looks for sessions in ${path}`),
    ...ask.map(({ url }) => `asks every host for ${url}`),
    ...(login === null ? [] : [loginText(login)]),
  ]
  return lines.length === 0 ? [] : [['audit', lines]]
}

/** What is sent may be a secret. */
function loginText({ request, page, expect }: NonNullable<AuditConfig['login']>): string {
  return `logs in on one host by ${request.method} ${request.url}, and asks the others for ${page.url} with ${JSON.stringify(expect)}`
}

function signerLines({ allowedSigners, sign }: Config): readonly string[] {
  return [`allowed by ${allowedSigners}`, sign === null ? 'nothing is signed here' : `here: ${sign.key}`]
}

function storeText(store: StoreConfig): string {
  if (store.kind === 'folder') return store.dir
  const { bucket, prefix, region, endpoint } = store
  const where = [endpoint, region].filter(text => text !== null)
  return [`s3://${[bucket, prefix].filter(part => part !== '').join('/')}`, ...where].join(', ')
}

/** The address is a secret: only a place that it is read from is named. */
function webhookText({ url, as, on }: Webhook): string {
  const where = url === null ? 'an address that is not set' : 'reveal' in url ? 'an address of its own' : placeText(url)
  const events = on.length === noticeEvents.length ? 'all events' : on.join(', ')
  return `${where}   (${[as ?? 'as its address says', events].join('; ')})`
}

function placeText(place: { readonly env: string } | { readonly file: string }): string {
  return 'env' in place ? `the address in $${place.env}` : `the address in ${place.file}`
}

function relayText({ seeds, port }: Relay): string {
  return `${seeds === 1 ? '1 host hands' : `${seeds} hosts hand`} the files on to the others, at port ${port}`
}

function rolloutText({ batch, minUp, canary, bake }: Rollout): string {
  const size = batch === '100%' ? 'all hosts at once' : `${batch} at a time`
  const up = minUp === null ? [] : [`${minUp} must stay up`]
  const first = canary === null ? [] : [canaryText(canary)]
  return [size, ...up, ...first, ...(bake === null ? [] : [bakeText(bake)])].join(', ')
}

function bakeText({ for: long, every, failures, check, perBatch }: Bake): string {
  const whole = `a bake of ${formatDuration(long)}${perBatch ? ' after each batch' : ''}`
  if (check === null) return whole
  const asked = check.kind === 'command' ? check.run : httpText(check)
  const often = failures === 1 ? '' : `, ${failures} failures in a row`
  return `${whole} with ${asked} every ${formatDuration(every)} (here, within ${formatDuration(check.timeout)}${often})`
}

function canaryText({ hosts, pause, check, confirm }: NonNullable<Rollout['canary']>): string {
  const steps = [
    ...(pause === 0 ? [] : [`a pause of ${formatDuration(pause)}`]),
    ...(check === null
      ? []
      : [`${check.run} (${check.on === 'here' ? 'here' : 'on them'}, within ${formatDuration(check.timeout)})`]),
    ...(confirm ? ['a person who says yes'] : []),
  ]
  return `${hosts} first${steps.length === 0 ? '' : `, then ${steps.join(', then ')}`}`
}

function balancerLines(balancer: BalancerConfig): readonly string[] {
  const limits = [
    ...rolesText(balancer.roles),
    `sessions end within ${formatDuration(balancer.drainTimeout)}`,
    `up again within ${formatDuration(balancer.readyTimeout)}`,
  ]
  const hosts = balancer.kind === 'command' ? '' : balancer.hosts.map(({ name }) => name).join(', ')
  switch (balancer.kind) {
    case 'haproxy':
      return [`HAProxy ${hosts} ${balancer.backends.join(', ')} by ${balancer.socket}   (${limits.join(', ')})`]
    case 'nginx':
      return [`nginx ${hosts} ${balancer.upstreamFile}, ${balancer.test}, ${balancer.reload}   (${limits.join(', ')})`]
    case 'command':
      return [
        `drain: ${balancer.drain}   (${limits.join(', ')})`,
        `ready: ${balancer.ready}`,
        `state: ${balancer.state ?? 'cannot be read'}`,
      ]
  }
}

function rolesText(roles: readonly string[] | null): readonly string[] {
  return roles === null ? [] : [`only on ${roles.join(', ')}`]
}

function sshText({ configFile, connectTimeout, stallTimeout, concurrency, transport }: SshConfig): string {
  const files = configFile === null ? 'the files that ssh reads' : configFile
  const by = { auto: '', builtin: ', spoken by this process', openssh: ", spoken by the system's ssh" }[transport]
  return `${files}, connect within ${formatDuration(connectTimeout)}, no step stalls for ${formatDuration(stallTimeout)}, ${concurrency} hosts at once${by}`
}
