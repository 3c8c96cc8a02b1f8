import type { Duplex } from 'node:stream'
import type { Config } from 'node-ssh'
import type { Client, ClientChannel } from 'ssh2'
import type { SshConfig } from '../../config/config.js'
import type { Connect, ConnectionFacts } from '../connection.js'
import { fingerprint, typeOf } from '../host-keys/known-hosts.js'
import { logins } from '../login.js'
import { sshLine } from '../login-target.js'
import { type Greet, greeter } from '../route/offered-key.js'
import { session } from '../session.js'
import { smallestPacket, tinyPackets } from '../shell/answer-bounds.js'
import { type Channel, endOf, type Transport } from '../shell/channel.js'
import { type SshConfigReader, sshConfigReader } from '../ssh-config/ssh-config.js'
import type { Begin, Login } from './handshake.js'
import type { AskPassphrase } from './keys.js'

/** The first script on a host runs when its login shell has read its start-up files. */
const START_UP = 15_000

/** Sessions over SSH, spoken by this process. What is shared between hosts (keys, jump hosts) is kept in the answer. */
export function connectSsh(
  ssh: Omit<SshConfig, 'transport' | 'stallTimeout'>,
  ask: AskPassphrase | null = null,
  read: SshConfigReader = sshConfigReader(ssh.configFile),
): Connect {
  const logIn = logins(loadNodeSsh, read, ask)
  return async (host, options) => {
    const login = await logIn(host, options)
    const startUp = Math.min(START_UP, options.timeout)
    return session(host, factsOf(login), transportOf(login), { startUp, login: sshLine(login.target) })
  }
}

/** Loaded before the first stream is opened: what happens on it while nobody listens would be lost. */
async function loadNodeSsh(): Promise<Begin> {
  const { NodeSSH } = await import('node-ssh')
  return config => {
    const ssh = new NodeSSH()
    // It sets its client before it first waits, so that our listeners are there from the beginning.
    const ready = ssh.connect(config as Config)
    return { client: ssh.connection as Client, ready }
  }
}

function factsOf({ target, address, hostKey, auth }: Login): ConnectionFacts {
  const key = { type: typeOf(hostKey), fingerprint: fingerprint(hostKey) }
  return { address, port: target.port, user: target.user, transport: 'builtin', hostKey: key, auth }
}

function transportOf(login: Login): Transport {
  const { client, lost, closed, close } = login
  client.setNoDelay(true)
  const opened = async (
    ask: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
  ): Promise<Channel> => {
    const channel = await answered(ask)
    refuseTiny(channel)
    const end = endOf(channel, channel.stderr, lost)
    return { stdin: channel, stdout: channel, stderr: channel.stderr, ended: end, close: () => channel.close() }
  }
  const openChannel = (command: string) => opened(done => client.exec(command, done))
  const openSubsystem = (name: string) => opened(done => client.subsys(name, done))
  const forward = async (to: { readonly host: string; readonly port: number } | { readonly socket: string }) => {
    const channel = await answered<ClientChannel>(done =>
      'socket' in to
        ? client.openssh_forwardOutStreamLocal(to.socket, done)
        : client.forwardOut('127.0.0.1', 0, to.host, to.port, done),
    )
    refuseTiny(channel)
    return channel as Duplex
  }
  return { openChannel, openSubsystem, forward, closed, close }
}

/** ssh2 cuts what is written into packets as small as the host says, also of no bytes at all. */
function refuseTiny(channel: ClientChannel): void {
  const { outgoing } = channel as unknown as { readonly outgoing: { readonly packetSize: number } }
  if (outgoing.packetSize >= smallestPacket) return
  channel.close()
  throw tinyPackets(outgoing.packetSize)
}

function answered<T>(ask: (done: (error: Error | undefined, answer: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, answer) => (error ? reject(error) : resolve(answer))))
}

/** The host keys that hosts show, for `trust`. */
export function greetSsh(ssh: Omit<SshConfig, 'stallTimeout'>, ask: AskPassphrase | null = null): Greet {
  return greeter(loadNodeSsh, ssh, ask)
}
