import type { SshConfig } from '../config/config.js'
import type { Connect, Connection } from './connection.js'
import { ConnectError } from './errors.js'
import { evidenceReader } from './host-keys/key-evidence.js'
import type { Wanted } from './login-target.js'
import { connectOpenssh } from './openssh/openssh.js'
import { type OpensshVersion, opensshVersion } from './openssh/openssh-version.js'
import { hopOf } from './route/jump.js'
import { route } from './route/route.js'
import { sshConfigReader } from './ssh-config/ssh-config.js'
import type { AskPassphrase } from './ssh2/keys.js'
import { connectSsh } from './ssh2/ssh2.js'
import { type Reasons, transportFor } from './transport-for.js'

/**
 * Sessions over SSH: spoken by this process, or by the system's ssh where a host needs that, as the configuration says. No
 * script on them waits longer than that says for a sign that it goes on.
 */
export function connectHosts(ssh: SshConfig, ask: AskPassphrase | null = null): Connect {
  const connect = connectAsNeeded(ssh, ask)
  const { stallTimeout: stall } = ssh
  return async (host, options) => {
    const connection = await connect(host, options)
    return { ...connection, run: (script, asked) => connection.run(script, { stall, ...asked }) }
  }
}

function connectAsNeeded(ssh: SshConfig, ask: AskPassphrase | null): Connect {
  const read = sshConfigReader(ssh.configFile)
  let version: Promise<OpensshVersion> | null = null
  const askVersion = () => {
    version ??= opensshVersion()
    return version
  }
  const builtin = connectSsh(ssh, ask, read)
  const openssh = connectOpenssh(ssh, read, askVersion)
  if (ssh.transport !== 'auto') return ssh.transport === 'builtin' ? builtin : openssh

  const look = evidenceReader()
  /** Of the host, or of a jump host on the way to it. */
  const reasonsFor = async (wanted: Wanted): Promise<Reasons> => {
    const target = await read(wanted)
    const own = transportFor(target, await look(target))
    if (own.needs !== null) return own
    for (const hop of await route(target, read)) {
      const at = await read(hopOf(hop))
      const { needs } = transportFor(at, await look(at))
      if (needs !== null) return { ...own, needs: `on the way, at ${hop}, ${needs}` }
    }
    return own
  }
  return async (host, options) => {
    const { needs, might } = await reasonsFor(host)
    if (needs !== null && (await askVersion()) !== null) return because(needs, openssh(host, options))
    try {
      return await builtin(host, options)
    } catch (error) {
      if (!(error instanceof ConnectError) || (await askVersion()) === null) throw error
      const why =
        error.kind === 'handshake'
          ? error.message.replace(`${host.name} and`, 'it and')
          : error.kind === 'auth'
            ? might
            : null
      if (why === null) throw error
      return because(why, openssh(host, options)).catch(second => {
        throw second instanceof ConnectError && second.kind === error.kind ? error : second
      })
    }
  }
}

async function because(why: string, connecting: Promise<Connection>): Promise<Connection> {
  const connection = await connecting
  return { ...connection, facts: { ...connection.facts, why } }
}
