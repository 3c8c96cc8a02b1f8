import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { KnownHost } from '../host-keys/known-hosts.js'
import { addressOf, type Beyond, type Target, type Wanted } from '../login-target.js'
import { atLeast, type OpensshVersion } from './openssh-version.js'

/** The folder of one master: its control socket and what else it needs, for us only. */
export interface Folder {
  readonly path: string
  readonly socket: string
}

export interface MasterOptions {
  readonly wanted: Wanted
  readonly target: Target
  readonly folder: Folder
  /** Milliseconds for the TCP connection. */
  readonly timeout: number
  readonly version: OpensshVersion
  /** Control socket of the jump host's master; null: no jump host. */
  readonly via: string | null
  /** Host key types that were seen before and are not the pinned one. */
  readonly except: readonly string[]
}

/**
 * Arguments of an ssh that logs in, runs nothing, and takes channels on its control socket. ssh takes the first value
 * of an option that it meets, so these win over the user's files, in all that concerns trust and unattended use.
 */
export function masterArgs(options: MasterOptions): string[] {
  const { wanted, target, folder, via } = options
  return [
    ...(target.configFile === null ? [] : ['-F', target.configFile]),
    ...['-N', '-T', '-S', folder.socket],
    ...set('ControlMaster=yes', 'ControlPersist=no', 'LogLevel=DEBUG1'),
    ...set('BatchMode=yes', 'StrictHostKeyChecking=yes', 'UpdateHostKeys=no', 'VerifyHostKeyDNS=no'),
    ...set(`ConnectTimeout=${Math.max(1, Math.ceil(options.timeout / 1000))}`, 'ConnectionAttempts=1'),
    ...set('ServerAliveInterval=5', 'ServerAliveCountMax=3', 'TCPKeepAlive=yes'),
    ...set('ForwardAgent=no', 'ForwardX11=no', 'ClearAllForwardings=yes', 'Tunnel=no', 'GSSAPIDelegateCredentials=no'),
    ...set('PermitLocalCommand=no', 'RemoteCommand=none', 'RequestTTY=no'),
    ...(atLeast(options.version, [8, 7]) ? set('ForkAfterAuthentication=no') : []),
    ...set(...safeAlgorithms(target.pin === null ? target.beyond : { ...target.beyond, hostKeys: [] })),
    ...wayArgs(target, via, wanted),
    ...keyArgs(options),
    ...(wanted.identityFile === undefined
      ? []
      : set('IdentitiesOnly=yes', `IdentityFile=${quoted(wanted.identityFile)}`)),
    ...(wanted.user === undefined ? [] : ['-l', wanted.user]),
    ...(wanted.port === undefined ? [] : ['-p', String(wanted.port)]),
    '--',
    wanted.host,
  ]
}

function wayArgs(target: Target, via: string | null, wanted: Wanted): string[] {
  if (via !== null) return set(`ProxyCommand=${throughMaster(via, target)}`, 'ProxyUseFdpass=no')
  return wanted.jump === undefined ? [] : set('ProxyCommand=none')
}

/** A stream through a master that stands. It must not connect by itself when that has gone. */
function throughMaster(socket: string, target: Target): string {
  return `ssh -F /dev/null -S ${socket} -o ControlMaster=no -o ProxyCommand=false -o BatchMode=yes -W ${addressOf(target).replaceAll('%', '%%')} -- jump`
}

/** Which host keys are taken. A pinned one is printed by a script, and only when it has the fingerprint. */
function keyArgs({ wanted, target, folder, version, except }: MasterOptions): string[] {
  const command = `KnownHostsCommand=/bin/sh ${folder.path}/key %f %t %K %H`
  const files = (user: string) => set(`UserKnownHostsFile=${quoted(user)}`, 'GlobalKnownHostsFile=/dev/null')
  if (target.pin !== null) {
    const seen = except.map(type => (type === 'ssh-rsa' ? 'rsa-*' : type))
    return [
      ...set(`HostKeyAlgorithms=-${['*-cert-*', ...seen].join(',')}`, command),
      ...files(`${folder.path}/revoked`),
    ]
  }
  return [
    ...(atLeast(version, [8, 5]) && !target.beyond.knownHostsCommand ? set(command) : []),
    ...(wanted.knownHosts === undefined ? [] : files(wanted.knownHosts)),
  ]
}

function set(...options: readonly string[]): string[] {
  return options.flatMap(option => ['-o', option])
}

/** As in a file of ssh: its own quotes, and `%` is the beginning of a token. */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}

/**
 * Options that take out of the user's lists what must not be used, whoever speaks SSH: SHA-1, and the ciphers that the
 * Terrapin attack bears on (CBC, and chacha20-poly1305: ssh does not tell whether it keeps to strict key exchange). A list
 * that needs nothing taken out is left to ssh and the host's keys.
 */
export function safeAlgorithms({ kex, ciphers, macs, hostKeys, userKeys }: Beyond): string[] {
  return [
    ...without('KexAlgorithms', kex, /-sha1$/),
    ...without('Ciphers', ciphers, /^chacha20-poly1305|-cbc/),
    ...without('MACs', macs, /sha1|md5/),
    ...without('HostKeyAlgorithms', hostKeys, /^ssh-(rsa|dss)(-cert|$)/),
    ...without('PubkeyAcceptedKeyTypes', userKeys, /^ssh-(rsa|dss)(-cert|$)/),
  ]
}

/** A list of which nothing is left is given as removals from ssh's own. */
function without(option: string, list: readonly string[], bad: RegExp): string[] {
  const good = list.filter(name => !bad.test(name))
  if (good.length === list.length) return []
  return [`${option}=${good.length > 0 ? good.join(',') : `-${list.join(',')}`}`]
}

/** Long enough for a name that ssh makes beside the socket (17 more), and short of the 104 bytes that a socket's path may have. */
const LONGEST_TMP = 60

/** Makes a folder that is ours alone, for one master. */
export async function makeFolder(target: Target, known: KnownHost): Promise<Folder> {
  const path = `${base()}/clonedeploy-${randomBytes(6).toString('hex')}`
  await mkdir(path, { mode: 0o700 })
  await writeFile(`${path}/key`, keyScript(path, target.pin))
  await writeFile(
    `${path}/revoked`,
    known.revoked.map(line => `@revoked * ${line.type} ${line.key.toString('base64')}\n`),
  )
  return { path, socket: `${path}/m` }
}

export async function removeFolder(folder: Folder): Promise<void> {
  await rm(folder.path, { recursive: true, force: true, maxRetries: 3 })
}

/** The path goes through ssh's own quoting and through a shell: a plain one needs none. */
function base(): string {
  const tmp = tmpdir()
  return tmp.length <= LONGEST_TMP && /^[\w/.+-]+$/.test(tmp) ? tmp : '/tmp'
}

/**
 * For KnownHostsCommand: notes the key that a host offers, for our words about it, and vouches for the pinned one.
 * ssh asks with `NONE` in the place of the key when it only wants to know which types are known.
 */
function keyScript(path: string, pin: string | null): string {
  const vouch = pin === null ? '' : `[ "$1" != '${pin.replace(/=+$/, '')}' ] || printf '%s %s %s\\n' "$4" "$2" "$3"\n`
  return `[ "$3" != NONE ] || exit 0\nprintf '%s' "$3" >'${path}/offered'\n${vouch}exit 0\n`
}
