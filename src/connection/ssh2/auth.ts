import { homedir } from 'node:os'
import type { AuthHandlerMiddleware, BaseAgent, ParsedKey } from 'ssh2'
import { ConnectError } from '../errors.js'
import { shortType } from '../host-keys/judge-host-key.js'
import { fingerprint, typeOf } from '../host-keys/known-hosts.js'
import { spelled, sshLine, type Target } from '../login-target.js'
import { CERTIFICATE } from './key-types.js'
import type { KeyFile, KeyRing } from './keys.js'

/** sshd hangs up after 6 tries, and newer ones then refuse the address for a while. */
const MOST_TRIES = 5

/** One key to try: from the agent, or from a file. */
export interface Candidate {
  /** `agent ED25519 SHA256:…`, `~/.ssh/id_ed25519` */
  readonly words: string
  readonly key: ParsedKey
  readonly agent: BaseAgent | null
}

export interface Candidates {
  readonly candidates: readonly Candidate[]
  /** Keys that could not be tried, with the reason, and what to run. */
  readonly skipped: readonly string[]
  /** Encrypted key files that nobody opened. */
  readonly locked: readonly string[]
  readonly next: readonly string[]
}

/** What an sshd says that counts fewer tries than we make. */
export const shutOut = /too many authentication failures/i

/** Of many keys the right one may be among those that are not tried. */
export const oneKey =
  'name its key: identityFile in the configuration, or IdentityFile with IdentitiesOnly yes in ~/.ssh/config'

/** The host verified a key of ours, and refused the login all the same. */
export function keptOut({ name, user }: Target): string {
  return `${name} knows the key, and does not let ${user} log in`
}

export const whoKeepsOut =
  'its sshd may forbid it (PermitRootLogin no, for root), or its PAM (an expired account): the log of sshd says which'

/** What the system's ssh can do, and this process cannot. */
export const bySystem =
  "ssh: { transport: 'auto' }, the default, has the system's ssh do it: openssh-client on this machine"

/** The keys to try on a host, in the order of OpenSSH: agent keys named in the configuration, other agent keys, files. */
export async function candidatesFor(
  target: Target,
  ring: KeyRing,
  read: KeyRing['file'] = ring.file,
): Promise<Candidates> {
  const files = await Promise.all(target.identityFiles.map(read))
  const agent = target.agent === null ? { keys: [], skipped: [], problem: null } : await ring.agent(target.agent)
  const held = agent.keys.map(({ key, agent: one }) => ({ key, agent: one, words: `agent ${described(key)}` }))
  const heldAs = (file: KeyFile) =>
    held.find(each => file.publicKey !== null && each.key.getPublicSSH().equals(file.publicKey))
  const named = files.flatMap(file => heldAs(file) ?? [])
  const others = target.identitiesOnly ? [] : held.filter(each => !named.includes(each))
  const fromFiles = files.flatMap(file =>
    file.privateKey && !heldAs(file) ? [{ key: file.privateKey, agent: null, words: short(file.path) }] : [],
  )
  const locked = files.filter(file => file.encrypted && !heldAs(file))
  const all: Candidate[] = [...new Set(named), ...others, ...fromFiles]
  return {
    candidates: all.slice(0, MOST_TRIES),
    skipped: [
      ...(agent.problem === null ? [] : [`the agent at ${target.agent} ${agent.problem}`]),
      ...agent.skipped,
      ...locked.flatMap(file =>
        file.problem === null ? [`${short(file.path)} is encrypted, and no agent holds it`] : [],
      ),
      ...files.flatMap(file => (file.problem === null ? [] : [`${short(file.path)} ${file.problem}`])),
      ...files.flatMap(({ path, certified }) =>
        certified ? [`${short(path)}-cert.pub was skipped: ${CERTIFICATE}`] : [],
      ),
      ...all.slice(MOST_TRIES).map(each => `${each.words} was not tried: a host hangs up after ${MOST_TRIES + 1} keys`),
    ],
    locked: locked.map(file => file.path),
    next: locked.map(file => `ssh-add ${short(file.path)}`),
  }
}

/** Offers the candidates one after the other; public keys only. */
export function authHandler(
  target: Target,
  candidates: readonly Candidate[],
  onTry: (candidate: Candidate) => void,
): AuthState {
  const state: { methods: readonly string[] | null; partial: boolean; known: boolean } = {
    ...{ methods: null, partial: false, known: false },
  }
  const left = [...candidates]
  let asked = false
  const handler: AuthHandlerMiddleware = (methods, partial, next) => {
    if (methods !== null) Object.assign(state, { methods, partial: state.partial || partial })
    const candidate = state.methods?.includes('publickey') === false || state.partial ? undefined : left.shift()
    if (!candidate) {
      // A refused agent key does not say what the host would take; a try without any key does.
      const ask = state.methods === null && !asked && candidates.length > 0
      asked = true
      return next(ask ? { type: 'none', username: target.user } : (false as never))
    }
    onTry(candidate)
    const { key, agent } = candidate
    const username = target.user
    next(agent === null ? { type: 'publickey', username, key } : { type: 'agent', username, agent })
  }
  const hear = (line: string) => {
    if (line === 'Inbound: Received USERAUTH_PK_OK') state.known = true
  }
  return { handler, hear, state }
}

export interface AuthState {
  readonly handler: AuthHandlerMiddleware
  /** For ssh2's `debug`. */
  readonly hear: (line: string) => void
  /** Methods that the host would still take, and whether it wants another one besides the key. */
  readonly state: {
    readonly methods: readonly string[] | null
    readonly partial: boolean
    /** It would have taken one of the keys. */
    readonly known: boolean
  }
}

/** Why nobody could log in. */
export function authError(
  target: Target,
  tried: Candidates,
  { state }: Pick<AuthState, 'state'>,
  unsigned: readonly string[],
  cause: Error,
): ConnectError {
  const tooMany = tried.candidates.length === MOST_TRIES || shutOut.test(cause.message)
  const words = tried.candidates.map(each => each.words).join(', ')
  const details = [
    `login  ${target.user}@${spelled(target)}`,
    `tried  ${words || 'nothing: there is no key to try'}`,
    ...unsigned,
    ...tried.skipped,
    ...(state.methods === null ? [] : [`the host takes  ${state.methods.join(', ')}`]),
  ]
  const next = [
    ...tried.next,
    ...(tooMany ? [oneKey] : []),
    ...(isKeptOut(state, unsigned) ? [whoKeepsOut] : []),
    ...(tried.skipped.some(line => line.includes(CERTIFICATE)) ? [bySystem] : []),
    ...(unsigned.length > 0 ? ['ssh-add -l'] : []),
    `${sshLine(target, '-v')}     must log in without a question`,
  ]
  return new ConnectError('auth', target.name, reason(target, tried, state, unsigned), { details, next, cause })
}

function reason(target: Target, tried: Candidates, state: AuthState['state'], unsigned: readonly string[]): string {
  if (state.partial) return `${target.name} took the key and asks for a second factor, which a deployment cannot give`
  if (state.methods?.includes('publickey') === false) {
    return `${target.name} lets nobody in by a key alone: it asks for ${state.methods.join(' or ')}`
  }
  if (unsigned.length > 0 && unsigned.length === tried.candidates.length)
    return `${target.name} cannot be logged in to: the agent would not sign`
  if (isKeptOut(state, unsigned)) return keptOut(target)
  if (tried.candidates.length > 0)
    return `${target.name} refused ${tried.candidates.length > 1 ? 'the keys' : 'the key'}`
  if (tried.locked.length > 0)
    return `${target.name} cannot be logged in to: the key is encrypted, and no agent holds it`
  return `${target.name} cannot be logged in to: there is no key to try`
}

function isKeptOut({ known, partial }: AuthState['state'], unsigned: readonly string[]): boolean {
  return known && !partial && unsigned.length === 0
}

function described(key: ParsedKey): string {
  const blob = key.getPublicSSH()
  return `${shortType(typeOf(blob))} ${fingerprint(blob)}`
}

function short(path: string): string {
  const home = homedir()
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
