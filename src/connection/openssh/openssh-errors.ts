import { ConnectError, type ConnectFailure } from '../errors.js'
import { hostKeyError } from '../host-keys/host-key-errors.js'
import { judge } from '../host-keys/judge-host-key.js'
import type { KnownHost } from '../host-keys/known-hosts.js'
import { addressOf, spelled, sshLine, type Target } from '../login-target.js'
import { seconds } from '../shell/exchange.js'
import { keptOut, oneKey, shutOut, whoKeepsOut } from '../ssh2/auth.js'
import { proxyFailed, slowSshd } from '../ssh2/handshake-errors.js'
import type { SshOutput } from './openssh-output.js'

export interface OpensshFailure {
  readonly target: Target
  readonly output: SshOutput
  readonly known: KnownHost
  /** The host key that was shown, where it is known. */
  readonly offered: Buffer | null
  readonly timeout: number
}

/** ssh has one exit code for all of these: only its words tell them apart. What they do not tell is `lost`. */
const signs: readonly (readonly [ConnectFailure, RegExp])[] = [
  ['config', /bad configuration option|^command-line: line \d+|Bad owner or permissions|keyword .* extra arguments/i],
  ['dns', /^ssh: Could not resolve hostname /],
  ['host-key-revoked', /REVOKED HOST KEY|host key .* is revoked/i],
  ['host-key-changed', /REMOTE HOST IDENTIFICATION HAS CHANGED/],
  ['host-key-unknown', /^Host key verification failed|host key is known for/],
  ['auth', /Permission denied \(|Too many authentication failures|No more authentication methods|no mutual signature/],
  ['handshake', /^Unable to negotiate with |no matching .* found|^Bad server host key|Invalid key length/],
  ['refused', /^ssh: connect to .*: Connection refused/],
  ['timeout', /^ssh: connect to .*timed out|^Connection timed out|^Timeout, server/],
  ['unreachable', /^ssh: connect to .*(unreachable|No route)/],
]

/** Which of our kinds of failure an ssh that ended without a login speaks of. */
export function failureOf(lines: readonly string[]): ConnectFailure {
  return signs.find(([, pattern]) => lines.some(line => pattern.test(line)))?.[0] ?? 'lost'
}

export function opensshError(failure: OpensshFailure): ConnectError {
  const { target, output } = failure
  const kind = failureOf(output.lines)
  const next = [sshLine(target, '-v')]
  const said = output.lines.slice(-5).map(line => `ssh says  ${line}`)
  const error = (message: string, hints: readonly string[] = next) =>
    new ConnectError(kind, target.name, message, { details: said, next: hints })
  const { name, hostname } = target
  const address = addressOf(target)
  switch (kind) {
    case 'host-key-unknown':
    case 'host-key-changed':
    case 'host-key-revoked':
      return untrusted(failure) ?? error(`${name} is not trusted: its host key was not accepted`)
    case 'auth':
      return refusedLogin(failure)
    case 'dns':
      return error(`${name} cannot be found: the name ${hostname} has no address`, [
        `getent hosts ${hostname}`,
        ...next,
      ])
    case 'refused':
      return error(`${name} refused the connection: nothing listens on ${address}`)
    case 'timeout':
      return tooSlow(failure)
    case 'unreachable':
      return error(`${name} cannot be reached at ${address}`)
    case 'handshake':
      return error(`${name} and ssh cannot agree on how to talk`, [
        ...(output.lines.some(line => chacha20.test(line)) ? [byOurselves] : []),
        sshLine(target, '-vv'),
      ])
    case 'config':
      return error(`the ssh configuration for ${name} cannot be used`)
    default:
      if (target.proxyCommand !== null && !output.met) return error(proxyFailed(target, output.lines))
      return error(
        `${name} closed the connection to ${address} ${output.met ? 'during the login' : 'before the handshake was done'}`,
        ['does its sshd refuse so many connections at once (MaxStartups), or this address?', ...next],
      )
  }
}

/** ssh is not let use it: it does not say whether it keeps to strict key exchange. */
const chacha20 = /no matching cipher found\. Their offer: .*chacha20-poly1305/
const byOurselves = "ssh: { transport: 'auto' }, the default, takes chacha20-poly1305 where key exchange is strict"

/** Our own deadline is over. */
export function tooSlow({ target, output, timeout }: OpensshFailure): ConnectError {
  const limit = seconds(timeout)
  const address = addressOf(target)
  const message = output.met
    ? `${target.name} did not finish the login in ${limit}`
    : output.reached
      ? `${target.name} took the connection to ${address} and then said nothing for ${limit}`
      : `${target.name} did not answer: no connection to ${address} in ${limit}`
  return new ConnectError('timeout', target.name, message, {
    details: output.lines.slice(-5).map(line => `ssh says  ${line}`),
    next: [...(output.reached ? slowSshd : ['is it up, and does a firewall let you through?']), sshLine(target, '-v')],
  })
}

/** The same words as for our own handshake; an authority in known_hosts had its say by then. */
function untrusted({ target, known, offered }: OpensshFailure): ConnectError | null {
  if (offered === null) return null
  const keys = { ...known, authorities: [] }
  return hostKeyError(target, offered, keys, judge(offered, keys, target.pin))
}

function refusedLogin({ target, output }: OpensshFailure): ConnectError {
  const taken = /Permission denied \(([^)]+)\)/.exec(output.lines.join('\n'))?.[1]?.split(',') ?? []
  const details = [
    `login  ${target.user}@${spelled(target)}`,
    `tried  ${output.offered.join(', ') || 'nothing: there is no key to try'}`,
    ...(taken.length === 0 ? [] : [`the host takes  ${taken.join(', ')}`]),
    ...output.lines.slice(-5).map(line => `ssh says  ${line}`),
  ]
  return new ConnectError('auth', target.name, reason(target, output, taken), {
    details,
    next: [
      ...(output.denied ? [whoKeepsOut] : output.accepted === null ? [] : ['ssh-add -l     must show the key']),
      ...(output.lines.some(line => shutOut.test(line)) ? [oneKey] : []),
      `${sshLine(target, '-v')}     must log in without a question`,
    ],
  })
}

function reason(target: Target, { offered, accepted, denied, partial }: SshOutput, taken: readonly string[]): string {
  const { name } = target
  if (partial) return `${name} took the key and asks for a second factor, which a deployment cannot give`
  if (denied) return keptOut(target)
  if (accepted !== null)
    return `${name} takes ${accepted}, and ssh could not sign with it: is it encrypted, and in no agent?`
  if (taken.length > 0 && !taken.includes('publickey'))
    return `${name} lets nobody in by a key alone: it asks for ${taken.join(' or ')}`
  if (offered.length === 0) return `${name} cannot be logged in to: there is no key to try`
  return `${name} refused ${offered.length > 1 ? 'the keys' : 'the key'}`
}
