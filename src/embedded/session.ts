import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import { delimiter, dirname } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Connection, ServerChannel, Session } from 'ssh2'

export interface Surroundings {
  /** Home and working directory. */
  readonly home: string
  readonly env: Readonly<Record<string, string>>
}

/** Serves one session of a connection: commands run in `sh` as under sshd. No terminal, no login shell, no sftp. */
export function serveSession(session: Session, connection: Connection, { home, env }: Surroundings): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept()
    // A session of its own: Ctrl-C in our terminal must not reach what runs on a host.
    const child = spawn('sh', ['-c', command], { cwd: home, env, detached: true })
    child.unref()
    const hangUp = () => closePipes(child)
    join(channel, child).catch(hangUp)
    session.once('close', hangUp)
    connection.once('close', hangUp)
    child.once('close', () => connection.off('close', hangUp))
  })
}

async function join(channel: ServerChannel, child: ChildProcessWithoutNullStreams): Promise<void> {
  channel.on('error', () => {})
  channel.stderr.on('error', () => {})
  feed(channel, child.stdin)
  const inTurn = oneAtATime(channel)
  await Promise.all([
    sendStatus(channel, child),
    drain(child.stdout, channel, inTurn),
    drain(child.stderr, channel.stderr, inTurn),
  ])
  channel.end()
}

function feed(channel: ServerChannel, stdin: Writable): void {
  channel.pipe(stdin)
  stdin.on('error', () => {})
  stdin.once('close', () => {
    // The rest of the input of a command that reads no more is thrown away, so that the client can finish sending.
    channel.unpipe(stdin)
    channel.resume()
  })
}

type InTurn = (deed: () => Promise<void>) => Promise<void>

/**
 * ssh2 keeps one blocked write of stdout and one of stderr when the client's window is full, looks at the first alone
 * when it opens, and never forgets it: sent twice, or stuck. So one write at a time, and what it remembers is cleared.
 */
function oneAtATime(channel: ServerChannel): InTurn {
  let last: Promise<void> = Promise.resolve()
  return deed => {
    last = last.then(deed).then(() => {
      Object.assign(channel, { _chunk: undefined, _chunkcb: undefined, _chunkErr: undefined, _chunkcbErr: undefined })
    })
    return last
  }
}

async function drain(source: Readable, sink: Writable, inTurn: InTurn): Promise<void> {
  for await (const chunk of source) {
    await inTurn(() => new Promise(resolve => sink.write(chunk, () => resolve())))
  }
}

/** As sshd: the status goes out at once; the channel stays open while a child in the background holds the output. */
function sendStatus(channel: ServerChannel, child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => {
      if (signal !== null) channel.exit(signal.slice(3))
      else channel.exit(code ?? 255)
      resolve()
    })
    child.once('error', error => {
      channel.stderr.write(`${error.message}\n`)
      channel.exit(255)
      resolve()
    })
  })
}

/** What sshd does when a client is gone: the pipes close, the process is left alone. */
function closePipes(child: ChildProcessWithoutNullStreams): void {
  child.stdin.destroy()
  child.stdout.destroy()
  child.stderr.destroy()
}

/** The login of every embedded host: whoever runs this process, because that is who its commands run as. */
export function loginName(): string {
  try {
    return userInfo().username
  } catch {
    return 'demo' // a container may run as a number without a name
  }
}

/** The environment of a command on a host: little, as under sshd, with this process's `node` in reach. */
export function surroundings(name: string, home: string, port: number): Surroundings {
  const login = loginName()
  return {
    home,
    env: {
      HOME: home,
      USER: login,
      LOGNAME: login,
      SHELL: '/bin/sh',
      PATH: withNode(process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'),
      CLONEDEPLOY_EMBEDDED_HOST: name,
      APP_PORT: String(port),
    },
  }
}

function withNode(path: string): string {
  const folder = dirname(process.execPath)
  return path.split(delimiter).includes(folder) ? path : `${path}${delimiter}${folder}`
}
