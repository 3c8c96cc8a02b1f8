import { lookup } from 'node:dns/promises'
import { isAbsolute, relative } from 'node:path'
import type { Config } from '../config/config.js'
import { type SshConfigReader, sshConfigReader } from '../connection/ssh-config.js'
import type { Target, Wanted } from '../connection/target.js'
import { parseHost } from '../inventory/parse.js'
import type { SshBlock } from '../project/ssh-blocks.js'
import type { Look } from '../render/looks.js'

/** What a machine without the user's ssh configuration has to be told of the hosts, and of those on the way to them. */
export interface ForRunner {
  readonly blocks: readonly SshBlock[]
  /** Hosts whose address is known to nobody here: nothing is said of them. */
  readonly unresolved: readonly string[]
  /** The ssh configuration that the workflow would need and has not, because it lies outside of the repository. */
  readonly away: string | null
}

/** What a runner needs that is told nothing. */
export const nothing: ForRunner = { blocks: [], unresolved: [], away: null }

/** Asks `ssh -G`, and says explicitly what it answers. Nothing, where the configuration comes along in the repository. */
export async function forRunner(
  config: Config,
  looks: readonly Look[],
  repository: string,
  read: SshConfigReader = sshConfigReader(null),
): Promise<ForRunner> {
  const { configFile } = config.ssh
  if (configFile !== null) return isWithin(configFile, repository) ? nothing : { ...nothing, away: configFile }
  const blocks = new Map<string, SshBlock>()
  const unresolved: string[] = []
  for (const host of config.hosts) {
    const found = await along(host, read)
    const reached = looks.some(({ name, login }) => name === host.name && login !== null)
    if (reached || (await resolves(found[0] as Target)))
      for (const target of found) blocks.set(target.alias, blockOf(target))
    else unresolved.push(host.name)
  }
  return { blocks: [...blocks.values()], unresolved, away: null }
}

/** A host, and the hosts that lead to it. */
async function along(wanted: Wanted, read: SshConfigReader, depth = 0): Promise<readonly Target[]> {
  const target = await read(wanted)
  if (depth === 8) return [target]
  const hops = target.jump.map(hop => along(hopOf(hop), read, depth + 1))
  return [target, ...(await Promise.all(hops)).flat()]
}

function hopOf(text: string): Wanted {
  const parsed = parseHost(text)
  return 'problem' in parsed ? { name: text, host: text } : { name: text, ...parsed.parts }
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
