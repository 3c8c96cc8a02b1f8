import { execFile } from 'node:child_process'
import { homedir, userInfo } from 'node:os'
import { promisify } from 'node:util'
import { ConnectError } from '../errors.js'
import type { Target, Wanted } from '../login-target.js'
import { sshDump } from './ssh-dump.js'
import { expand } from './ssh-tokens.js'

const run = promisify(execFile)

/** `ssh -G` answers, each asked for once. */
export type SshConfigReader = (wanted: Wanted) => Promise<Target>

/** Reads what the user's ssh would do for a host: `ssh -G` knows Include, Match and the rest better than we could. */
export function sshConfigReader(configFile: string | null): SshConfigReader {
  const answers = new Map<string, Promise<Answer>>()
  const dump = sshDump()
  const askWithOthers = async (args: readonly string[], wanted: Wanted) => {
    const text = await dump(args)
    return text === null ? ask(args, wanted) : parse(text)
  }
  return async wanted => {
    const args = question(configFile, wanted)
    const key = args.join('\0')
    const answer = answers.get(key) ?? askWithOthers(args, wanted)
    answers.set(key, answer)
    return targetOf(wanted, await answer, configFile)
  }
}

type Answer = ReadonlyMap<string, readonly string[]>

function question(configFile: string | null, { host, user, port }: Wanted): string[] {
  const file = configFile === null ? [] : ['-F', configFile]
  const login = user === undefined ? [] : ['-l', user]
  const door = port === undefined ? [] : ['-p', String(port)]
  return ['-G', ...file, ...login, ...door, '--', host]
}

/** By itself, to say what is wrong. Without an ssh on this machine there is no configuration but the explicit one. */
async function ask(args: readonly string[], wanted: Wanted): Promise<Answer> {
  try {
    return parse((await run('ssh', [...args], { timeout: 20_000 })).stdout)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    const said = String((error as { stderr?: unknown }).stderr ?? '')
    throw new ConnectError('config', wanted.name, `the ssh configuration for ${wanted.name} cannot be read`, {
      details: said.split(/\r?\n/).filter(line => line.trim() !== '' && !line.startsWith('Pseudo-terminal')),
      next: [`ssh ${args.join(' ')}`],
      cause: error,
    })
  }
}

function parse(text: string): Answer {
  const answer = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const key = line.slice(0, space).toLowerCase()
    answer.set(key, [...(answer.get(key) ?? []), line.slice(space + 1).trim()])
  }
  return answer
}

function targetOf(wanted: Wanted, answer: Answer, configFile: string | null): Target {
  const one = (key: string) => {
    const value = answer.get(key)?.[0]
    return value === undefined || value === '' || value === 'none' ? null : value
  }
  const me = account()
  const base = {
    name: wanted.name,
    alias: wanted.host,
    hostname: one('hostname') ?? wanted.host,
    port: wanted.port ?? Number(one('port') ?? 22),
    user: wanted.user ?? one('user') ?? me.username,
    hostKeyAlias: one('hostkeyalias'),
    configFile,
  }
  const jump = wanted.jump ?? one('proxyjump') ?? 'none'
  const context = { ...base, home: me.home, localUser: me.username, jump }
  const files = (values: readonly string[]) => values.map(value => expand(value, context))
  const proxyCommand = wanted.jump === undefined ? one('proxycommand') : null
  return {
    ...base,
    family: family(one('addressfamily')),
    identityFiles: files(wanted.identityFile ? [wanted.identityFile] : (answer.get('identityfile') ?? USUAL_KEYS)),
    identitiesOnly: wanted.identityFile !== undefined || one('identitiesonly') === 'yes',
    agent: agentSocket(answer.get('identityagent')?.[0], value => expand(value, context)),
    jump: jump === 'none' ? [] : jump.split(',').map(hop => hop.trim()),
    proxyCommand: proxyCommand === null ? null : expand(proxyCommand, context),
    knownHosts: files(wanted.knownHosts ? [wanted.knownHosts] : knownHostsFiles(answer)),
    newKnownHost: newKnownHost(files(wanted.knownHosts ? [wanted.knownHosts] : userKnownHosts(answer)), answer),
    pin: wanted.hostKey ?? null,
    beyond: beyond(one, files(answer.get('certificatefile') ?? []), proxyCommand !== null),
  }
}

function beyond(
  one: (key: string) => string | null,
  certificateFiles: readonly string[],
  byCommand: boolean,
): Target['beyond'] {
  const list = (key: string) => one(key)?.split(',') ?? []
  return {
    certificateFiles,
    pkcs11: one('pkcs11provider') !== null,
    gssapi: one('gssapiauthentication') === 'yes',
    fdpass: byCommand && one('proxyusefdpass') === 'yes',
    knownHostsCommand: one('knownhostscommand') !== null,
    kex: list('kexalgorithms'),
    ciphers: list('ciphers'),
    macs: list('macs'),
    hostKeys: list('hostkeyalgorithms'),
    userKeys: list(one('pubkeyacceptedalgorithms') === null ? 'pubkeyacceptedkeytypes' : 'pubkeyacceptedalgorithms'),
  }
}

const USUAL_KEYS = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519']
const USUAL_KNOWN_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']

function userKnownHosts(answer: Answer): string[] {
  return answer.get('userknownhostsfile')?.flatMap(paths) ?? USUAL_KNOWN_HOSTS
}

function newKnownHost([file]: readonly string[], answer: Answer): Target['newKnownHost'] {
  if (file === undefined || file === '/dev/null' || file === 'none') return null
  return { file, hashed: answer.get('hashknownhosts')?.[0] === 'yes' }
}

function knownHostsFiles(answer: Answer): string[] {
  const user = userKnownHosts(answer)
  const global = answer.get('globalknownhostsfile')?.flatMap(paths) ?? GLOBAL_KNOWN_HOSTS
  return [...user, ...global].filter(file => file !== '/dev/null' && file !== 'none')
}

/** `ssh -G` prints several paths on a line and quotes none: a space ends a path only where another one begins. */
function paths(value: string): string[] {
  return value.split(/ (?=[/~%]|none$)/)
}

function family(value: string | null): 4 | 6 | null {
  if (value === 'inet') return 4
  return value === 'inet6' ? 6 : null
}

function agentSocket(value: string | undefined, expanded: (value: string) => string): string | null {
  if (value === 'none') return null
  if (value === undefined || value === 'SSH_AUTH_SOCK') return process.env.SSH_AUTH_SOCK || null
  if (value.startsWith('$')) return process.env[value.slice(1).replace(/^\{(.*)\}$/, '$1')] || null
  return expanded(value)
}

/** OpenSSH takes the home of the account for `~`, whatever $HOME says. */
function account(): { username: string; home: string } {
  try {
    const { username, homedir: home } = userInfo()
    return { username, home }
  } catch {
    return { username: process.env.USER ?? 'root', home: homedir() }
  }
}
