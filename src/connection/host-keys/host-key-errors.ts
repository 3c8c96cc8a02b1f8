import { homedir } from 'node:os'
import { ConnectError } from '../errors.js'
import type { Target } from '../login-target.js'
import { shortType, spelledKey, type Verdict } from './judge-host-key.js'
import { fingerprint, type KnownHost, type KnownKey, namesOf, typeOf } from './known-hosts.js'

/** What an offered key that we do not trust means, and what to do about it. */
export function hostKeyError(target: Target, key: Buffer, known: KnownHost, verdict: Verdict): ConnectError | null {
  switch (verdict.kind) {
    case 'trusted':
      return null
    case 'unknown':
      return unknownKey(target, key, known)
    case 'changed':
      return changedKey(target, key, verdict.known)
    case 'wrong-pin':
      return wrongPin(target, key)
    case 'revoked':
      return revokedKey(target, key, verdict.by)
  }
}

/** A host whose key nobody has vouched for yet. */
export class UnknownKeyError extends ConnectError {
  override name = 'UnknownKeyError'
  constructor(
    readonly target: Target,
    readonly key: Buffer,
    message: string,
    details: readonly string[],
  ) {
    super('host-key-unknown', target.name, message, { offered: key, details, next: trustSteps([{ target, key }]) })
  }
}

/** What a person does about keys that are not known. */
export function trustSteps(unknown: readonly Shown[]): readonly string[] {
  const names = unknown.map(({ target }) => target.name.replace(/^ssh:\/\/|\/$/g, ''))
  return [
    ...new Set(unknown.map(({ key }) => compare(key))),
    `then:           clonedeploy trust ${names.join(',')}`,
    `in CI:          ${pinLine(unknown)}`,
  ]
}

function unknownKey(target: Target, key: Buffer, known: KnownHost): ConnectError {
  const [authority] = known.authorities
  if (authority !== undefined) return certified(target, key, authority)
  const looked = known.files.map(short).join(', ')
  return new UnknownKeyError(target, key, `${target.name} is not trusted: its host key is in no known_hosts file`, [
    offered(target, key),
    `looked in  ${looked || 'no file: none is configured'}`,
  ])
}

/** Its certificate may well be good: who can read it says so. */
function certified(target: Target, key: Buffer, authority: KnownKey): ConnectError {
  const message = `${target.name} is not trusted: known_hosts names a certificate authority for it, and host certificates are read by the system's ssh alone`
  return new ConnectError('host-key-unknown', target.name, message, {
    offered: key,
    details: [offered(target, key), `authority  ${place(authority)}`],
    next: ["ssh: { transport: 'openssh' } in the configuration, with openssh-client on this machine"],
  })
}

function changedKey(target: Target, key: Buffer, known: readonly KnownKey[]): ConnectError {
  const name = namesOf(target)[0]
  const files = [...new Set(known.map(entry => entry.file))]
  const remove = files.map(file => `ssh-keygen -R '${name}' -f ${short(file)}`)
  return new ConnectError(
    'host-key-changed',
    target.name,
    `HOST KEY CHANGED: ${target.name} is not the host that we know`,
    {
      offered: key,
      details: [offered(target, key), ...known.map(entry => `known    ${spelledKey(entry.key)}  ${place(entry)}`)],
      next: [
        'This may be an attack. Ask the administrator whether the host was installed anew, and only then:',
        compare(key),
        ...remove.map(line => `then:           ${line}`),
      ],
    },
  )
}

function wrongPin(target: Target, key: Buffer): ConnectError {
  return new ConnectError(
    'host-key-changed',
    target.name,
    `HOST KEY CHANGED: ${target.name} does not have the pinned host key`,
    {
      offered: key,
      details: [offered(target, key), `pinned   ${target.pin}  (hostKey in the configuration)`],
      next: ['This may be an attack. Ask the administrator before you change the pin.', compare(key)],
    },
  )
}

function revokedKey(target: Target, key: Buffer, by: KnownKey): ConnectError {
  return new ConnectError(
    'host-key-revoked',
    target.name,
    `HOST KEY REVOKED: ${target.name} uses a key that must not be used any more`,
    {
      offered: key,
      details: [offered(target, key), `revoked  ${place(by)}`],
      next: ['Whoever holds this key can pose as the host. Ask the administrator for a new one.'],
    },
  )
}

export function offered(target: Target, key: Buffer): string {
  return `${target.name} [${target.hostname}]:${target.port} offered  ${spelledKey(key)}`
}

export function compare(key: Buffer): string {
  const file = `/etc/ssh/ssh_host_${shortType(typeOf(key)).toLowerCase()}_key.pub`
  return `on the server:  ssh-keygen -lf ${file}     must print the same`
}

/** A key, and who showed it. */
interface Shown {
  readonly target: Target
  readonly key: Buffer
}

export function pinLine(shown: readonly Shown[]): string {
  const pins = shown.map(({ target, key }) => `{ host: '${target.alias}', hostKey: '${fingerprint(key)}' }`)
  return `hosts: [${pins.join(', ')}]`
}

export function place(entry: KnownKey): string {
  return `${short(entry.file)}:${entry.line}`
}

export function short(file: string): string {
  const home = homedir()
  return file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file
}
