import { Script } from '../../scripts/shell/shell.js'
import { type Live, openLive, type Traffic } from '../command-loop.js'
import type { Connection, RunOptions, RunResult, Waiting } from '../connection.js'
import { LostError, TimeoutError } from '../errors.js'
import { pool } from '../pool.js'
import { AnswerError, bounds } from './answer-bounds.js'
import type { Channel } from './channel.js'
import { atMost, type Exchanged, type ExchangeOptions, exchange } from './exchange.js'
import { lines } from './lines.js'
import { firstText, freshMarks } from './request.js'

/** sshd allows 10 sessions on a connection by default. */
const MOST_CHANNELS = 4

/** `run` and `open` for every transport, over channels that it opens. */
interface Shell
  extends Pick<Connection, 'run' | 'open' | 'sessions' | 'rtt' | 'roundTrips' | 'bytesSent' | 'bytesReceived'> {
  /** A script that changes nothing: shows whether scripts can be run at all, and what the login shell prints by itself. */
  readonly greet: (timeout: number) => Promise<Exchanged>
}

export function shell(host: string, openChannel: (command: string) => Promise<Channel>, traffic: Traffic): Shell {
  let zips = false
  // Goes with the command of the first channel, which nothing is run on before.
  const greetings = [freshMarks()]
  const channels = pool(
    () =>
      openLive(
        openChannel,
        traffic,
        greetings
          .splice(0)
          .map(marks => firstText(greet, marks))
          .join(''),
      ),
    MOST_CHANNELS,
    () => new TimeoutError(`no channel to ${host} came free in time`),
  )

  const exchanged = async (
    script: Script,
    stdin: 'input' | 'channel',
    options: RunOptions & Pick<ExchangeOptions, 'sent'>,
    use?: (live: Live) => void,
  ) => {
    const started = performance.now()
    const timeout = atMost(options.timeout)
    const live = await channels.take(timeout)
    const going = exchange(live, script, { ...options, timeout, stdin, zips, host, started })
    use?.(live)
    if (stdin === 'input') traffic.roundTrips += 1
    const done = await going
    if (done.answered !== null) traffic.rtt = Math.min(traffic.rtt, done.answered)
    // A script that read the channel itself and did not end well may have left a child there, to eat later requests.
    channels.give(live, done.reusable && (stdin === 'input' || done.result.code === 0))
    return done
  }

  const run = async (script: Script, options: RunOptions): Promise<RunResult> => {
    const started = performance.now()
    try {
      return (await exchanged(script, 'input', options)).result
    } catch (error) {
      return neverRan(host, error, started)
    }
  }

  const open = (script: Script, options: { readonly timeout: number }): Waiting => {
    const started = performance.now()
    const answers = lines()
    const early: string[] = []
    let live: Live | null = null
    const use = (taken: Live) => {
      live = taken
      for (const line of early.splice(0)) taken.write(`${line}\n`)
    }
    const onOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => {
      if (stream === 'stdout') answers.push(chunk)
    }
    const result = exchanged(script, 'channel', { ...options, most: bounds.lines, onOutput }, use)
      .then(done => done.result)
      .catch(error => neverRan(host, error, started))
      .then(done => {
        live = null
        answers.end(done.lost instanceof AnswerError)
        return done
      })
    let asked = true
    const line = async (timeout: number) => {
      const answer = await answers.next(atMost(timeout))
      if (asked && answer !== null) traffic.roundTrips += 1
      asked = false
      return answer
    }
    const send = (line: string) => {
      asked = true
      if (live) live.write(`${line}\n`)
      else early.push(line)
    }
    return { line, send, result }
  }

  return {
    run,
    open,
    sessions: channels.opened,
    rtt: () => traffic.rtt,
    roundTrips: () => traffic.roundTrips,
    bytesSent: () => traffic.sent,
    bytesReceived: () => traffic.received,
    async greet(timeout) {
      const [sent = freshMarks()] = greetings
      const greeting = await exchanged(greet, 'input', { timeout, sent })
      traffic.roundTrips = 0
      zips = greeting.result.code === 0 && greeting.result.stdout.toString('latin1') === 'zips\n'
      return greeting
    },
  }
}

/** One line, which stands between single quotes. */
const greet = new Script(
  'greet',
  'command -v gzip >/dev/null 2>&1 && dd bs=1 count=0 iflag=fullblock </dev/null >/dev/null 2>&1 && echo zips; :',
)

function neverRan(host: string, error: unknown, started: number): RunResult {
  const why = error instanceof Error ? error.message : String(error)
  const lost = error instanceof TimeoutError ? error : new LostError(`no channel to ${host} could be opened: ${why}`)
  const nothing = Buffer.alloc(0)
  return { code: null, signal: null, lost, stdout: nothing, stderr: nothing, ms: performance.now() - started }
}
