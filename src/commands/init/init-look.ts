import type { Config } from '../../config/config.js'
import { connectHosts } from '../../connection/connect.js'
import { reach } from '../../fleet/read/connect.js'
import { inspectAll } from '../../fleet/read/inspect.js'
import { loginProblems, sessionsFor } from '../../fleet/read/login-problems.js'
import { unlessStopped } from '../../fleet/stop.js'
import type { Look } from '../../render/reports/found-hosts.js'
import { problemsOf } from '../../state/preflight.js'
import { startConnections } from '../context/context.js'
import { Interrupted, type Io } from '../context/io.js'
import { passphraseAsker } from '../context/screen.js'

export interface Looked {
  readonly looks: readonly Look[]
  readonly notes: readonly string[]
}

/** Connects to every host and reads what would stop a deploy; changes nothing, and is stopped by no host. */
export async function lookAtHosts(io: Io, config: Config, concurrency: number): Promise<Looked> {
  const connections = startConnections(
    connectHosts(config.ssh, passphraseAsker(io, { asking: question => question() })),
  )
  io.contacted()
  try {
    const looked = await unlessStopped(io.stop, look(config, connections.connect, concurrency))
    if ('stopped' in looked) throw new Interrupted(looked.stopped)
    return looked
  } finally {
    connections.close()
  }
}

async function look(config: Config, connect: ReturnType<typeof connectHosts>, concurrency: number): Promise<Looked> {
  const notes: string[] = []
  const reached = await reach(config.hosts, connect, {
    concurrency,
    timeout: config.ssh.connectTimeout,
    emit: event => void (event.type === 'note' && notes.push(event.text)),
  })
  const sessions = reached.flatMap(({ session }) => (session === null ? [] : [session]))
  const inspected = await inspectAll(sessions, [], concurrency, sessionsFor(config))
  const read = inspected.flatMap(one => (one.state === null ? [] : [{ ...one, state: one.state }]))
  const ofLogins = await loginProblems(config, read, concurrency)
  const looks = reached.map(({ host: { name }, session, error }): Look => {
    if (session === null) return { name, error, login: null, state: null, problems: [] }
    const { state = null, error: unread = null } = inspected.find(one => one.session === session) ?? {}
    const own = state === null ? [] : problemsOf(state)
    const broken = unread === null ? [] : [{ host: name, text: unread, fix: null }]
    const problems = [...broken, ...own, ...ofLogins.filter(({ host }) => host === name)]
    return { name, error: null, login: session.connection().facts, state, problems }
  })
  return { looks, notes }
}
