import { lookup } from 'node:dns/promises'
import { isAbsolute, relative } from 'node:path'
import type { Config } from '../../config/config.js'
import { knownHostsLine, knownHostsReader, namesOf } from '../../connection/host-keys/known-hosts.js'
import type { Target, Wanted } from '../../connection/login-target.js'
import { type SshConfigReader, sshConfigReader } from '../../connection/ssh-config/ssh-config.js'
import { parseHost } from '../../inventory/parse.js'
import type { SshBlock } from '../../project/ssh-blocks.js'
import type { Look } from '../../render/reports/found-hosts.js'

/** What a machine without the user's ssh configuration has to be told of the hosts, and of those on the way to them. */
export interface ForRunner {
  readonly blocks: readonly SshBlock[]
  /** Lines of known_hosts: hosts are pinned in the configuration, and those on the way to them cannot be. */
  readonly knownHosts: readonly string[]
  /** Hosts on the way whose key is not known here either. */
  readonly strangers: readonly string[]
  /** Hosts whose address is known to nobody here: nothing is said of them. */
  readonly unresolved: readonly string[]
  /** The ssh configuration that the workflow would need and has not, because it lies outside of the repository. */
  readonly away: string | null
}

/** What a runner needs that is told nothing. */
export const nothing: ForRunner = { blocks: [], knownHosts: [], strangers: [], unresolved: [], away: null }

/** Asks `ssh -G`, and says explicitly what it answers. No blocks, where the configuration comes along in the repository. */
export async function forRunner(
  config: Config,
  looks: readonly Look[],
  repository: string,
  read: SshConfigReader = sshConfigReader(config.ssh.configFile),
): Promise<ForRunner> {
  const { configFile } = config.ssh
  if (configFile !== null && !isWithin(configFile, repository)) return { ...nothing, away: configFile }
  const told = new Map<string, Target>()
  const hops = new Map<string, Target>()
  const unresolved: string[] = []
  for (const host of config.hosts) {
    const [first, ...others] = await along(host, read)
    const reached = looks.some(({ name, login }) => name === host.name && login !== null)
    if (configFile === null && !reached && !(await resolves(first))) unresolved.push(host.name)
    else {
      for (const target of [first, ...others]) told.set(target.alias, target)
      for (const target of others) hops.set(target.alias, target)
    }
  }
  const blocks = configFile === null ? [...told.values()].map(blockOf) : []
  return { blocks, ...(await keysOf([...hops.values()], repository)), unresolved, away: null }
}

/** The keys of these hosts as this machine knows them, where the repository does not say them itself. */
async function keysOf(hops: readonly Target[], repository: string) {
  const read = knownHostsReader()
  const found = hops.map(async hop => {
    const { trusted } = await read(namesOf(hop), hop.knownHosts)
    const name = namesOf(hop)[0] ?? hop.hostname
    const lines = trusted.filter(({ file }) => !isWithin(file, repository)).map(({ key }) => lineOf(name, key))
    return { lines, stranger: trusted.length === 0 ? [hop.name] : [] }
  })
  const all = await Promise.all(found)
  return { knownHosts: all.flatMap(({ lines }) => lines), strangers: all.flatMap(({ stranger }) => stranger) }
}

function lineOf(name: string, key: Buffer): string {
  return knownHostsLine(name, key, null).trimEnd()
}

/** A host, and the hosts that lead to it. */
async function along(wanted: Wanted, read: SshConfigReader, depth = 0): Promise<readonly [Target, ...Target[]]> {
  const target = await read(wanted)
  if (depth === 8) return [target]
  const hops = target.jump.map(hop => along(hopOf(hop), read, depth + 1))
  return [target, ...(await Promise.all(hops)).flat()]
}

function hopOf(text: string): Wanted {
  const parsed = parseHost(text)
  return 'problem' in parsed ? { name: text, host: text } : { name: text, ...parsed.parts }
}

/** Those that the ssh configuration leads to no address for: a word that was mistyped is one. */
export async function unknownHosts(names: readonly string[], read: SshConfigReader): Promise<readonly string[]> {
  const found = await Promise.all(
    names.map(
      name => read(hopOf(name)).then(resolves, () => true), // What is wrong with a configuration is told when the hosts are looked at.
    ),
  )
  return names.filter((_, n) => !found[n])
}

/** One behind another host, or a command, is looked up there. */
async function resolves({ hostname, jump, proxyCommand }: Target): Promise<boolean> {
  if (jump.length > 0 || proxyCommand !== null) return true
  return lookup(hostname).then(
    () => true,
    () => false,
  )
}

function blockOf({ alias, hostname, user, port, hostKeyAlias, jump, proxyCommand }: Target): SshBlock {
  return {
    alias,
    options: [
      ['HostName', hostname],
      ['User', user],
      ...(port === 22 ? [] : [['Port', String(port)] as const]),
      ...(hostKeyAlias === null ? [] : [['HostKeyAlias', hostKeyAlias] as const]),
      ...(jump.length === 0 ? [] : [['ProxyJump', jump.join(',')] as const]),
      ...(proxyCommand === null ? [] : [['ProxyCommand', proxyCommand] as const]),
    ],
  }
}

function isWithin(path: string, folder: string): boolean {
  const near = relative(folder, path)
  return near !== '' && !near.startsWith('..') && !isAbsolute(near)
}
