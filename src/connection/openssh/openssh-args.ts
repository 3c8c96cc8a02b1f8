import { addressOf, type Target, type Wanted } from '../target.js'
import { safeAlgorithms } from './openssh-algorithms.js'
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
