import type { Connect, Connection, Files, RunOptions, RunResult, Waiting } from '../connection/connection.js'
import type { Host } from '../inventory/host.js'
import type { Script } from '../scripts/shell/shell.js'
import type { Emit } from './events.js'

/** A host for the length of a run: a connection that is opened again when it was lost, and every script in the log. */
export interface Session {
  readonly host: Host
  readonly connection: () => Connection
  readonly run: (script: Script, options: RunOptions) => Promise<RunResult>
  /** A script that waits for words, over a new connection where the last one was lost. */
  readonly open: (script: Script, timeout: number) => Promise<Waiting>
  /** The SFTP of its first connection, null where there is none: one that was opened again may have no session to spare. What it renames is in the log. */
  readonly files: () => Promise<Files | null>
  /** A stream as `Connection.forward` opens it, over a new connection where the last one was lost. */
  readonly forward: Connection['forward']
  /** Gives up what is under way on the host, by closing the connection; the next `run` opens another. */
  readonly interrupt: () => void
  readonly bytes: () => number
  readonly roundTrips: () => number
  readonly close: () => void
}

export function startSession(first: Connection, connect: Connect, timeout: number, emit: Emit): Session {
  const { host } = first
  let connection = first
  let alive = true
  let sentBefore = 0
  let asked = 0
  let opening: Promise<Connection> | null = null
  watch(first)
  return {
    host,
    connection: () => connection,
    async run(script, options) {
      let result: RunResult
      try {
        if (!alive) await reopen()
        result = await connection.run(script, options)
      } catch (error) {
        result = lostResult(error)
      }
      tell(script, result)
      return result
    },
    async open(script, limit) {
      const waiting = await openNow(script, limit).catch(notOpened)
      waiting.result.then(result => tell(script, result))
      return waiting
    },
    async files() {
      const files = await first.files()
      return files && { ...files, rename: logged(files.rename) }
    },
    async forward(to) {
      if (!alive) await reopen()
      return connection.forward(to)
    },
    interrupt: () => connection.close(),
    bytes: () => sentBefore + connection.bytesSent(),
    roundTrips: () => asked + connection.roundTrips(),
    close: () => connection.close(),
  }

  async function openNow(script: Script, limit: number): Promise<Waiting> {
    if (!alive) await reopen()
    return connection.open(script, { timeout: limit })
  }

  async function reopen(): Promise<void> {
    opening ??= connect(host, { timeout }).finally(() => {
      opening = null
    })
    const next = await opening
    if (next === connection) return
    sentBefore += connection.bytesSent()
    asked += connection.roundTrips()
    connection = next
    alive = true
    watch(next)
  }

  function watch(watched: Connection): void {
    watched.closed.then(() => {
      if (watched === connection) alive = false
    })
  }

  function logged(rename: Files['rename']): Files['rename'] {
    return async (from, to, limit) => {
      const started = performance.now()
      const done = await rename(from, to, limit)
      const ms = performance.now() - started
      const code = done === null ? null : Number(!done)
      const text = `sftp: rename ${from} ${to}`
      emit({ type: 'script', host: host.name, name: 'rename', text, code, ms, stdout: '', stderr: '' })
      return done
    }
  }

  function tell(script: Script, result: RunResult): void {
    emit({
      type: 'script',
      host: host.name,
      name: script.name,
      text: script.text,
      code: result.code,
      ms: result.ms,
      stdout: result.stdout.toString('utf8'),
      stderr: result.stderr.toString('utf8') + (result.lost === null ? '' : `\n${result.lost.message}`),
    })
  }
}

function notOpened(error: unknown): Waiting {
  return { line: async () => null, send: () => {}, result: Promise.resolve(lostResult(error)) }
}

/** Of what did not come to its end, or was not begun. */
export function lostResult(error: unknown): RunResult {
  const lost = error instanceof Error ? error : new Error(String(error))
  return { code: null, signal: null, lost, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), ms: 0 }
}
