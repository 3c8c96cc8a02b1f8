import { ConnectError } from '../errors.js'
import { hostKeyError } from '../host-keys/host-key-errors.js'
import type { Verdict } from '../host-keys/judge-host-key.js'
import type { KnownHost } from '../host-keys/known-hosts.js'
import { addressOf, sshLine, type Target } from '../login-target.js'
import { seconds } from '../shell/exchange.js'
import type { Negotiation } from './algorithms.js'
import { type AuthState, authError, bySystem, type Candidate, type Candidates, shutOut } from './auth.js'

export interface HandshakeOptions {
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  readonly known: KnownHost
  readonly keys: Candidates
  /** Host key types that were seen before and are not the pinned one. */
  readonly except: readonly string[]
}

/** What was seen while the handshake went on. */
export interface Witness {
  phase: 'kex' | 'auth'
  failure: (Error & { readonly level?: string }) | null
  offered: { readonly key: Buffer; readonly verdict: Verdict } | null
  used: Candidate | null
  /** Keys that the agent would not sign with, and its words. */
  readonly unsigned: string[]
  readonly negotiation: Negotiation
}

interface HandshakeFailure extends Witness {
  readonly failure: Error & { readonly level?: string }
  readonly target: Target
  readonly auth: Pick<AuthState, 'state'>
  readonly options: HandshakeOptions
  /** What a ProxyCommand printed. */
  readonly said: string
}

/** The Terrapin attack could be under way. */
export class ExposedError extends Error {
  override name = 'ExposedError'
}

/** Why a handshake failed, from what was seen of it. */
export function handshakeError(seen: HandshakeFailure): ConnectError {
  const { target, failure, offered, options } = seen
  if (options.signal?.aborted)
    return new ConnectError('aborted', target.name, `the connection to ${target.name} was given up`)
  const untrusted = offered && hostKeyError(target, offered.key, options.known, offered.verdict)
  if (untrusted) return untrusted
  if (failure.level === 'client-timeout') return tooSlow(seen)
  if (failure instanceof ExposedError) return exposed(target, failure)
  if (failure.level === 'handshake') return incompatible(seen)
  const refused = failure.level === 'client-authentication' || shutOut.test(failure.message)
  if (refused) return authError(target, options.keys, seen.auth, seen.unsigned, failure)
  return hungUp(seen)
}

/** It took the connection, and no more. */
export const slowSshd: readonly string[] = [
  'is the host overloaded, or its sshd stopped?',
  "if it is only slow: ssh: { connectTimeout: '60s' } in the configuration",
]

function tooSlow({ target, phase, options, failure, said }: HandshakeFailure): ConnectError {
  const limit = seconds(options.timeout)
  const message =
    phase === 'kex'
      ? `${target.name} took the connection to ${addressOf(target)} and then said nothing for ${limit}`
      : `${target.name} did not finish the login in ${limit}`
  return new ConnectError('timeout', target.name, message, {
    details: words(said),
    next: [...slowSshd, sshLine(target, '-v')],
    cause: failure,
  })
}

function incompatible({ target, failure, negotiation }: HandshakeFailure): ConnectError {
  const what = failure.message.replace(/^Handshake failed: /, '').replace(/ [CS]->[CS]/, '')
  const { ours, theirs } = negotiation.last()
  const width = Math.max(target.name.length, 'clonedeploy'.length)
  const takes = (who: string, list: readonly string[]) => `${who.padEnd(width)}  takes  ${list.join(' ') || 'nothing'}`
  return new ConnectError(
    'handshake',
    target.name,
    `${target.name} and clonedeploy cannot agree on how to talk: ${what}`,
    {
      details: /^no matching/i.test(what) ? [takes(target.name, theirs), takes('clonedeploy', ours)] : [],
      next: [...(theirs.some(isSafe) ? [bySystem] : []), sshLine(target, '-vv')],
      cause: failure,
    },
  )
}

/** The system's ssh may not use the others, either. */
function isSafe(algorithm: string): boolean {
  return !/sha1|md5|-cbc|chacha20|^ssh-(rsa|dss)$/.test(algorithm)
}

function exposed(target: Target, cause: ExposedError): ConnectError {
  const { name } = target
  return new ConnectError(
    'handshake',
    name,
    `${name} offers no better cipher than chacha20-poly1305, and no strict key exchange: packets could be dropped unnoticed (the Terrapin attack)`,
    {
      next: [
        `a newer SSH server on ${name} has strict key exchange (OpenSSH from 9.6)`,
        `or let it take AES too:  Ciphers +aes256-gcm@openssh.com     in the sshd_config of ${name}`,
        sshLine(target, '-vv'),
      ],
      cause,
    },
  )
}

function hungUp({ target, phase, failure, said }: HandshakeFailure): ConnectError {
  if (phase === 'kex' && target.proxyCommand !== null) {
    const next = [sshLine(target, '-v')]
    return new ConnectError('lost', target.name, proxyFailed(target, said.split('\n')), {
      details: words(said),
      next,
      cause: failure,
    })
  }
  const moment = phase === 'kex' ? 'before the handshake was done' : 'during the login'
  return new ConnectError(
    'lost',
    target.name,
    `${target.name} closed the connection to ${addressOf(target)} ${moment}`,
    {
      details: [failure.message, ...words(said)],
      next: ['does its sshd refuse so many connections at once (MaxStartups), or this address?', sshLine(target, '-v')],
      cause: failure,
    },
  )
}

/** Told by the last words of the ProxyCommand; ssh's own, which follow them, say only that it ended. */
export function proxyFailed({ name }: Target, lines: readonly string[]): string {
  const said = lines.findLast(line => line.trim() !== '' && !heardNothing.test(line))
  const why = said === undefined ? '' : `: ${said.trim().slice(0, 200)}`
  return `${name} cannot be reached through its ProxyCommand${why}`
}

const heardNothing =
  /^(kex_exchange_identification|banner exchange|ssh_exchange_identification): |^Connection (closed|reset) by /

function words(said: string): string[] {
  return said === ''
    ? []
    : said
        .split('\n')
        .slice(-5)
        .map(line => `it printed  ${line}`)
}
