import type { SshConfig } from '../../config/config.js'
import type { Connect, ConnectionFacts } from '../connection.js'
import { session } from '../session.js'
import { type SshConfigReader, sshConfigReader } from '../ssh-config/ssh-config.js'
import { sshLine } from '../target.js'
import type { OpensshLogin } from './openssh-attempt.js'
import { opensshLogins } from './openssh-login.js'
import { type OpensshVersion, opensshVersion } from './openssh-version.js'

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

function factsOf({ target, words }: OpensshLogin): ConnectionFacts {
  const { hostKey, accepted, method, address } = words
  return {
    address: address ?? target.hostname,
    port: target.port,
    user: target.user,
    transport: 'openssh',
    hostKey: hostKey === null ? null : { type: hostKey.type, fingerprint: hostKey.fingerprint },
    auth: (method === 'publickey' || method === null ? accepted : method) ?? 'by ssh',
  }
}
