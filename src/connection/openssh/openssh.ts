import type { SshConfig } from '../../config/config.js'
import type { Connect, ConnectionFacts } from '../connection.js'
import { ConnectError } from '../errors.js'
import { knownHostsReader, namesOf, typeOf } from '../host-keys/known-hosts.js'
import { sshLine, type Target } from '../login-target.js'
import { type LogIn, routed } from '../route/route.js'
import { session } from '../session.js'
import { type SshConfigReader, sshConfigReader } from '../ssh-config/ssh-config.js'
import { begin, type OpensshLogin } from './openssh-attempt.js'
import { atLeast, type OpensshVersion, opensshVersion } from './openssh-version.js'

/** The first script on a host runs when its login shell has read its start-up files. */
const START_UP = 15_000

/** Sessions over SSH, spoken by the system's ssh: for what this process cannot speak itself. */
export function connectOpenssh(
  ssh: Omit<SshConfig, 'transport' | 'stallTimeout'>,
  read: SshConfigReader = sshConfigReader(ssh.configFile),
  askVersion: () => Promise<OpensshVersion> = opensshVersion,
): Connect {
  const logIn = opensshLogins(read, askVersion)
  return async (host, options) => {
    const login = await logIn(host, options)
    const startUp = Math.min(START_UP, options.timeout)
    return session(host, factsOf(login), login.transport, { startUp, login: sshLine(login.target) })
  }
}

function factsOf({ target, output }: OpensshLogin): ConnectionFacts {
  const { hostKey, accepted, method, address } = output
  return {
    address: address ?? target.hostname,
    port: target.port,
    user: target.user,
    transport: 'openssh',
    hostKey: hostKey === null ? null : { type: hostKey.type, fingerprint: hostKey.fingerprint },
    auth: (method === 'publickey' || method === null ? accepted : method) ?? 'by ssh',
  }
}

/** Logs in to hosts by the system's ssh: one master a host, and one a jump host, shared by all behind it. */
function opensshLogins(read: SshConfigReader, askVersion: () => Promise<OpensshVersion>): LogIn<OpensshLogin> {
  const readKnown = knownHostsReader()
  return routed<OpensshLogin, null>(
    read,
    (_target, attempt) => attempt(null),
    async (target, lease, options, wanted) => {
      const version = await askVersion()
      demand(target, version)
      if (lease !== null) demandPlainName(target)
      const known = await readKnown(namesOf(target), target.knownHosts)
      const from = performance.now()
      const greet = (except: readonly string[]) => {
        const timeout = Math.max(1, options.timeout - (performance.now() - from))
        return begin({ target, lease, wanted, known, version, except, options: { ...options, timeout } })
      }
      return target.pin === null ? greet([]) : greetPinned(greet)
    },
  )
}

function demand(target: Target, version: OpensshVersion): void {
  const { name } = target
  if (version === null)
    throw new ConnectError('config', name, `${name} cannot be connected to by ssh: this machine has no ssh (OpenSSH)`, {
      next: ["install openssh-client, or ssh: { transport: 'builtin' }"],
    })
  if (target.pin !== null && !atLeast(version, [8, 5]))
    throw new ConnectError(
      'config',
      name,
      `${name}: a pinned host key needs OpenSSH 8.5, this one is ${version.join('.')}`,
      {
        next: ["name a knownHosts file in the place of hostKey, or ssh: { transport: 'builtin' }"],
      },
    )
}

/** The name goes through a shell, in the ProxyCommand that we make of it. */
function demandPlainName({ name, hostname }: Target): void {
  if (/^[\w.:%-]+$/.test(hostname)) return
  throw new ConnectError('config', name, `${name} is behind a jump host, and ${hostname} is no name of a host`)
}

/** A pin does not say which of a host's keys it is of: one type after the other is asked for. */
async function greetPinned(greet: (except: readonly string[]) => Promise<OpensshLogin>): Promise<OpensshLogin> {
  const seen: string[] = []
  let first: ConnectError | null = null
  for (;;) {
    try {
      return await greet(seen)
    } catch (error) {
      const wrong = error instanceof ConnectError && error.kind === 'host-key-changed' ? error.offered : null
      if (wrong === null || seen.includes(typeOf(wrong))) throw first ?? error
      first ??= error as ConnectError
      seen.push(typeOf(wrong))
    }
  }
}
