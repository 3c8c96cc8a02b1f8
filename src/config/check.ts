import { type Host, substitute, variablesIn } from '../inventory/host.js'
import { portsOn } from '../release/ports.js'
import { didYouMean } from '../text/suggest.js'
import { checkHosts } from './check-value.js'
import type { Config, HealthCheck } from './config.js'
import type { Path, Problem } from './problems/problem.js'
import { show } from './problems/sentence.js'
import type { Layer } from './schema.js'
import type { Stage } from './stages.js'

/** What is wrong between the keys of each stage, where every key by itself is right. */
export function checkStages(stages: readonly Stage[]): readonly Problem[] {
  return [
    ...missing(stages),
    ...stages.flatMap(stage => checks.flatMap(check => check(stage))),
    ...unknownRoles(stages),
  ]
}

const checks: readonly ((stage: Stage) => readonly Problem[])[] = [
  writtenHosts,
  builtAlready,
  cached,
  nestedShared,
  clashes,
  unchecked,
]

const needed: Readonly<Record<string, string>> = {
  app: 'is missing: the name of the app, such as "shop"',
  deployTo: 'is missing: the folder on the hosts, such as "/srv/shop"',
  hosts: 'is missing: the hosts to deploy to, such as ["web-1", "deploy@10.0.0.2"]',
}

function missing(stages: readonly Stage[]): readonly Problem[] {
  return Object.entries(needed).flatMap(([key, text]) => {
    const lacking = stages.filter(stage => !stage.said.has(key))
    if (lacking.length === 0) return []
    if (lacking.length === stages.length) return [{ path: [key], text }]
    return lacking.map(stage => ({ path: ['stages', stage.name, key], text }))
  })
}

function writtenHosts(stage: Stage): readonly Problem[] {
  const { hosts, deployTo } = stage.merged
  return hosts?.kind === 'list' ? checkHosts(hosts.entries, deployTo ?? null, place(stage, 'hosts')) : []
}

/** What was built elsewhere would not be what the commands make of it. */
function builtAlready(stage: Stage): readonly Problem[] {
  const { source, build } = stage.merged
  if (source?.kind !== 'artifact' || build === undefined || build.run.length === 0) return []
  return [
    { path: place(stage, 'build'), text: 'has commands, and source.artifact is built already: leave one of them out' },
  ]
}

/** A command that is left out must be known to make the folders, and nothing else. */
function cached(stage: Stage): readonly Problem[] {
  const { source, build } = stage.merged
  const path = [...place(stage, 'build', 'cache')]
  if (build?.cache == null) return []
  if (source !== undefined && source.kind !== 'git')
    return [{ path, text: 'needs source: { git }: a folder that is built as it lies keeps what was made in it' }]
  if (build.run.length === 0) return [{ path, text: 'keeps what the first command makes, and there is no command' }]
  if (build.cache.key !== null || build.cache.installer !== null) return []
  return [
    {
      path,
      text: `does not know what decides what ${show(build.run[0])} makes, the first command: install first, by "npm ci" or another that keeps to its lock file, or say { paths, key: ["FILE"] }`,
    },
  ]
}

/** A signature that nobody makes, or checks, would protect nothing. */
function unchecked(stage: Stage): readonly Problem[] {
  const { store, sign, allowedSigners } = stage.merged
  const lacks = (key: 'sign' | 'allowedSigners', text: string) => [{ path: place(stage, key), text }]
  if (sign !== undefined && allowedSigners === undefined)
    return lacks('sign', 'needs allowedSigners, the file of those whose signatures are believed')
  if (allowedSigners !== undefined && store === undefined)
    return lacks('allowedSigners', 'needs a store: what is signed is what that is told')
  return []
}

/** One of two linked paths inside the other would be made through a link, in the folder of the other. */
function nestedShared(stage: Stage): readonly Problem[] {
  const { dirs = [], files = [] } = stage.merged.shared ?? {}
  const paths = [
    ...dirs.map((path, i) => ({ path, at: [...place(stage, 'shared', 'dirs'), i] })),
    ...files.map((path, i) => ({ path, at: [...place(stage, 'shared', 'files'), i] })),
  ]
  return paths.flatMap(({ path, at }, i) => {
    const outer = paths.find((other, j) => (other.path === path ? j < i : path.startsWith(`${other.path}/`)))
    if (outer === undefined) return []
    const text =
      outer.path === path ? `"${path}" is there twice` : `"${path}" lies in "${outer.path}", which is shared already`
    return [{ path: at, text }]
  })
}

function clashes(stage: Stage): readonly Problem[] {
  const { env = {}, secrets = {} } = stage.merged
  return Object.keys(secrets)
    .filter(name => Object.hasOwn(env, name))
    .map(name => ({ path: place(stage, 'secrets', name), text: `${name} is in env too; it can be only one of them` }))
}

/** A hook for a role that no host has would silently run nowhere. Hosts that are not written here may have any role. */
function unknownRoles(stages: readonly Stage[]): readonly Problem[] {
  const sources = stages.map(stage => stage.merged.hosts)
  if (sources.some(source => source?.kind !== 'list' && source?.kind !== 'embedded')) return []
  const known = new Set(
    sources.flatMap(source => (source?.kind === 'list' ? source.entries : [])).flatMap(host => host.roles),
  )
  return stages.flatMap(stage =>
    (['prepare', 'restart', 'health'] as const).flatMap(key => unknownRolesOf(stage, key, known)),
  )
}

function unknownRolesOf(stage: Stage, key: 'prepare' | 'restart' | 'health', known: ReadonlySet<string>) {
  const steps = stage.merged[key] ?? []
  return steps.flatMap((step, i) => {
    const unknown = (step.roles ?? []).filter(role => !known.has(role))
    const path = [...place(stage, key), ...(steps.length === 1 ? [] : [i]), 'roles']
    return unknown.map(role => ({ path, text: `no host has the role "${role}"${didYouMean(role, known)}` }))
  })
}

/** Where a value of the stage is written: in the stage itself, or above for all. */
function place(stage: Stage, key: keyof Layer, inner?: string): Path {
  const own = stage.own[key]
  const isOwn = own !== undefined && (inner === undefined || Object.hasOwn(Object(own), inner))
  return [...(isOwn ? ['stages', stage.name] : []), key, ...(inner === undefined ? [] : [inner])]
}

/** Health checks whose address is none once a host's variables are put in: found here, not when it is asked. `written`: as the list has them. */
export function checkHealth(config: Config, written: NonNullable<Layer['health']>, path: Path): readonly Problem[] {
  const { health, hosts } = config
  const places = written.flatMap(({ kind }, i) => (kind === 'same' ? [] : [i]))
  return health.flatMap((check, i) => {
    if (check.kind === 'command') return []
    const at = [...path, ...(written.length === 1 ? [] : [places[i] ?? i]), check.kind === 'http' ? 'url' : 'tcp']
    const asked = hosts.filter(({ roles }) => check.roles === null || check.roles.some(role => roles.includes(role)))
    const texts = asked.flatMap(host => problemOn(host, addressOf(check), variablesOf(config, host)) ?? [])
    return texts.map(text => ({ path: at, text }))
  })
}

function addressOf(check: Exclude<HealthCheck, { kind: 'command' }>): string {
  return check.kind === 'http' ? check.url : `tcp://${check.address}`
}

/** A secret is not read here: it stands for something that may be a port. */
function variablesOf({ env, secrets, embedded, restart }: Config, host: Host): Readonly<Record<string, string>> {
  const secret = Object.fromEntries(Object.keys(secrets).map(name => [name, '1']))
  const own = Object.fromEntries(ownNames.map(name => [name, '1']))
  return {
    ...env,
    ...secret,
    ...(embedded > 0 ? { APP_PORT: '1' } : {}),
    ...host.env,
    ...own,
    ...(portsOn(restart, host) === null ? {} : { CLONEDEPLOY_PORT: '1' }),
    CLONEDEPLOY_HOST: host.name,
  }
}

/** What clonedeploy says of the run. */
const ownNames = ['APP', 'STAGE', 'RELEASE', 'REVISION', 'PREVIOUS', 'RELEASE_PATH'].map(name => `CLONEDEPLOY_${name}`)

function problemOn({ name }: Host, address: string, variables: Readonly<Record<string, string>>): string | null {
  const { text, readable, missing } = written(address, variables)
  if (missing.length > 0)
    return `${name} has no variable ${missing.join(', ')}: set it in env, or in the env of the host`
  return readable ? null : `is no address on ${name}: ${show(text)}`
}

/** An address with its variables put in, and those that there are not. */
function written(address: string, variables: Readonly<Record<string, string>>) {
  const text = substitute(address, variables)
  const readable = URL.canParse(text)
  // In a path or a query a `$` may be meant as one.
  const missing = variablesIn(readable ? authority(address) : address).filter(one => !(one in variables))
  return { text, readable, missing }
}

/** What all hosts have to answer alike: checked as what an audit asks. */
export function checkSame(config: Config, path: Path): readonly Problem[] {
  return config.same.flatMap(({ url }) =>
    urlProblems(config, url).map(text => ({ path, text: `same: ${show(url)} ${text}` })),
  )
}

/** What an audit asks: a path needs something that it is a path of, and each host its variables. */
export function checkAudit(config: Config, path: Path): readonly Problem[] {
  const { ask, login } = config.audit
  const asked = ask.map(({ url }, i): Written => ({ at: ['ask', i], url }))
  const named = login === null ? [] : loginUrls(login)
  return [...asked, ...named].flatMap(({ at, url }) =>
    urlProblems(config, url).map(text => ({ path: [...path, ...at], text })),
  )
}

interface Written {
  readonly at: Path
  readonly url: string
}

function loginUrls({ request, page }: NonNullable<Config['audit']['login']>): readonly Written[] {
  const { url, token } = request
  return [
    { at: ['login', 'request', 'url'], url },
    { at: ['login', 'page'], url: page.url },
    ...(token === null ? [] : [{ at: ['login', 'request', 'token', 'page'], url: token.page }]),
  ]
}

function urlProblems(config: Config, url: string): readonly string[] {
  if (!url.startsWith('/'))
    return config.hosts.flatMap(host => problemOn(host, url, variablesOf(config, host)) ?? []).slice(0, 1)
  if (config.health.some(({ kind }) => kind === 'http')) return []
  return ['is a path, and no health check asks by HTTP: write the whole address, such as "http://127.0.0.1:3000/"']
}

/** The same of the address that a bake asks from this machine: it has the variables of no host. */
export function checkBake({ rollout: { bake }, env }: Config, path: Path): readonly Problem[] {
  if (bake?.check?.kind !== 'http') return []
  const own = Object.fromEntries(ownNames.map(name => [name, '1']))
  const { text, readable, missing } = written(bake.check.url, { ...env, ...own })
  const at = [...path, 'bake', 'check', 'url']
  if (missing.length > 0) return [{ path: at, text: `there is no variable ${missing.join(', ')}: set it in env` }]
  return readable ? [] : [{ path: at, text: `is no address: ${show(text)}` }]
}

function authority(address: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(address)?.[1] ?? ''
}

/** Restarts by two ports that nothing could switch between: found here, not in the middle of a deploy. */
export function checkPorts({ restart, health, hosts, balancer }: Config, path: Path): readonly Problem[] {
  const ported = hosts.filter(host => portsOn(restart, host) !== null)
  if (restart.every(({ ports }) => ports === undefined)) return []
  const say = (text: string) => [{ path, text }]
  if (balancer === null || balancer.kind === 'command')
    return say(
      'has ports, which need HAProxy or nginx to switch between them: balancer: { haproxy: … } or { nginx: … }',
    )
  const isBehind = ({ roles }: Host) => balancer.roles === null || balancer.roles.some(role => roles.includes(role))
  const apart = hosts.find(host => isBehind(host) !== ported.includes(host))
  if (apart !== undefined)
    return say(
      isBehind(apart)
        ? `has ports, but not for ${apart.name}, which is behind the balancer too: say balancer.roles`
        : `has ports for ${apart.name}, which is not behind the balancer: say roles`,
    )
  const twice = ported.find(({ roles }) => warming(restart, roles).length > 1)
  if (twice !== undefined)
    return say(`starts more than one thing beside the old one on ${twice.name}: only one may have ports or switch`)
  return health.flatMap(check => {
    const address = check.kind === 'command' ? '' : check.kind === 'http' ? authority(check.url) : check.address
    const port = restart.flatMap(({ ports }) => ports?.numbers ?? []).find(one => address.endsWith(`:${one}`))
    if (port === undefined) return []
    return say(
      `has ports, and health asks port ${port}, which serves every other release: write $CLONEDEPLOY_PORT for it`,
    )
  })
}

function warming(restart: Config['restart'], own: readonly string[]): Config['restart'] {
  const here = restart.filter(({ roles }) => roles === null || roles.some(role => own.includes(role)))
  return here.filter(({ ports, warm }) => ports !== undefined || warm !== undefined)
}
