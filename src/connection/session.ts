import type { Host } from '../inventory/host.js'
import { escapeLine } from '../text/escape.js'
import { noTraffic } from './command-loop.js'
import type { Connection, ConnectionFacts, Files } from './connection.js'
import { ConnectError, LostError, TimeoutError } from './errors.js'
import type { Transport } from './shell/channel.js'
import { type Exchanged, seconds } from './shell/exchange.js'
import { shell } from './shell/shell.js'
import { openSftp } from './ssh2/sftp.js'

interface SessionOptions {
  /** Milliseconds that the login shell has to come up. */
  readonly startUp: number
  /** What a person types to run a command by the same login: `ssh deploy@web-1`. */
  readonly login: string
}

/** Makes a connection of a transport, once a first script has run on it: a login that cannot run scripts is refused here. */
export async function session(
  host: Host,
  facts: ConnectionFacts,
  transport: Transport,
  options: SessionOptions,
): Promise<Connection> {
  const traffic = noTraffic()
  const { greet, ...scripts } = shell(host.name, transport.openChannel, traffic)
  const greeting = await greet(options.startUp).catch(error => error as Error)
  const refused =
    greeting instanceof Error
      ? noChannel(host, greeting, await lossOf(transport, greeting), options)
      : refusal(host, greeting, options)
  if (refused) {
    transport.close()
    throw refused
  }
  const noise = greeting instanceof Error ? '' : greeting.noise.toString('utf8')
  let opening: Promise<Files | null> | null = null
  const files = async () => {
    if (scripts.sessions() >= 2) opening ??= openSftp(transport, traffic)
    return opening
  }
  return { host, facts: { ...facts, noise }, ...scripts, files, ...pick(transport) }
}

function pick({ forward, closed, close }: Transport): Pick<Connection, 'forward' | 'closed' | 'close'> {
  return { forward, closed, close }
}

/** Why the connection has gone, where it has (by now that is known); the error where we closed it. */
function lossOf({ closed }: Transport, error: Error): Promise<Error | null> {
  return Promise.race([
    closed.then(loss => loss ?? error),
    new Promise<null>(resolve => setImmediate(() => resolve(null))),
  ])
}

function noChannel(host: Host, error: Error, loss: Error | null, options: SessionOptions): ConnectError {
  if (loss !== null) return hungUp(host, loss, options)
  return new ConnectError('shell', host.name, `${host.name} accepted the login and then refused to run a command`, {
    details: [error.message],
    next: ['allow sessions in its sshd_config: MaxSessions 10 is the default'],
    cause: error,
  })
}

/** Whether it was lost before a channel was open or after that is chance, and no news. */
function hungUp({ name }: Host, cause: Error, { login }: SessionOptions): ConnectError {
  const first = cause.cause instanceof Error ? cause.cause : cause
  return new ConnectError('lost', name, `${name} let us in and then closed the connection`, {
    details: [escapeLine(first.message)],
    next: [
      'does something between here and there end connections, or does its sshd?',
      `${login} true     must come back without a word`,
    ],
    cause,
  })
}

function refusal(host: Host, { result, noise }: Exchanged, options: SessionOptions): ConnectError | null {
  if (result.code === 0) return null
  const { login, startUp } = options
  const said = printed(noise, result.stdout, result.stderr)
  if (result.lost instanceof LostError && result.lost.gone === 'connection' && said.length === 0)
    return hungUp(host, result.lost, options)
  const details = said.map(line => `it printed  ${line}`)
  if (result.lost instanceof TimeoutError) {
    return new ConnectError(
      'shell',
      host.name,
      `${host.name}: the login shell start-up took longer than ${seconds(startUp)}`,
      {
        details: [
          ...details,
          'a start-up file of the login shell (.bashrc, .profile, config.fish …) waits for something',
        ],
        next: [`${login} true     must come back at once`],
        cause: result.lost,
      },
    )
  }
  return new ConnectError(
    'shell',
    host.name,
    `${host.name} let us in but runs no scripts: ${ending(result.lost, said)}`,
    {
      details,
      next: [
        'clonedeploy needs a login with a shell: no forced command (ForceCommand, command="…"), no sftp-only account, no nologin, no exit in a start-up file',
        `${login} echo ok     must print ok`,
      ],
      cause: result.lost,
    },
  )
}

function ending(lost: Error | null, said: readonly string[]): string {
  if (said.length > 0) return 'its own words came instead of the answer'
  return lost?.message ?? 'its shell failed'
}

function printed(...outputs: readonly Buffer[]): string[] {
  const text = Buffer.concat(outputs).toString('utf8')
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  return lines.slice(-5).map(line => line.slice(0, 200))
}
