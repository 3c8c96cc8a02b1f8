import type { Script } from '../../scripts/shell/shell.js'
import type { Live } from '../command-loop.js'
import type { RunOptions, RunResult } from '../connection.js'
import { LostError, TimeoutError } from '../errors.js'
import { type AnswerReader, answerReader } from './answer.js'
import { AnswerError, bound, bounds, watchStall } from './answer-bounds.js'
import type { ChannelEnd } from './channel.js'
import { tail } from './lines.js'
import {
  freshMarks,
  keepText,
  LEAVE,
  type Marks,
  marksText,
  requestLine,
  requestText,
  zippedRequest,
} from './request.js'

const STDERR_KEPT = 1 << 20
const NOISE_KEPT = 16 << 10
const SLICE = 256 << 10

/** How one request on one channel went. */
export interface Exchanged {
  readonly result: RunResult
  /** What the host printed before the script began: its login shell's start-up files, a forced command. */
  readonly noise: Buffer
  /** Milliseconds from the request to the first byte of its answer; null when none came. */
  readonly answered: number | null
  /** Whether the channel can take another request. */
  readonly reusable: boolean
}

export interface ExchangeOptions extends RunOptions {
  readonly stdin: 'input' | 'channel'
  /** Whether the host can unzip what is long. */
  readonly zips: boolean
  /** For the words of an error. */
  readonly host: string
  /** When its time began to run: it may have waited for the channel. */
  readonly started: number
  /** The marks of what was sent with the command of the channel: the script is not sent now. */
  readonly sent?: Marks
}

/** Runs a script on a channel that nobody else uses. Settles in `timeout` from `started`, whatever the host does. */
export function exchange(live: Live, script: Script, options: ExchangeOptions): Promise<Exchanged> {
  const marks = options.sent ?? freshMarks()
  const noise = tail(NOISE_KEPT)
  const written = performance.now()
  let answered: number | null = null

  return new Promise(resolve => {
    const most = options.most ?? bounds.answer
    const kept = { stdout: tail(most), stderr: tail(STDERR_KEPT) }
    const heard = { noise: 0, stdout: 0, stderr: 0 }
    const count = (what: keyof typeof heard, chunk: Buffer, limit: number) => {
      heard[what] += chunk.length
      return heard[what] <= limit
    }
    const half = (stream: 'stdout' | 'stderr'): AnswerReader =>
      answerReader(marks, {
        onNoise: chunk => {
          noise.push(chunk)
          if (!count('noise', chunk, bounds.noise)) refuse(`said more than ${bound(bounds.noise)} before its answer`)
        },
        onBegin: () => {
          if (options.sent === undefined) answered ??= performance.now() - written
        },
        onBytes: chunk => {
          kept[stream].push(chunk)
          options.onOutput?.(stream, chunk)
          const limit = stream === 'stdout' ? most : bounds.errors
          if (!options.endless && !count(stream, chunk, limit)) refuse(`answered with more than ${bound(limit)}`)
        },
        onEnd: () => {
          if (out.code() === null || err.code() === null) return
          if (out.code() === err.code()) settle(out.code(), null, null)
          else refuse(`told two exit codes, ${out.code()} and ${err.code()}`)
        },
        onGarbage: () => refuse('ended its answer with something that is no exit code'),
      })
    const out = half('stdout')
    const err = half('stderr')

    const settle = (code: number | null, signal: string | null, lost: Error | null) => {
      clearTimeout(timer)
      watch?.stop()
      live.listen(null)
      out.flush()
      err.flush()
      const ms = performance.now() - options.started
      const result = { code, signal, lost, stdout: kept.stdout.bytes(), stderr: kept.stderr.bytes(), ms }
      resolve({ result, noise: noise.bytes(), answered, reusable: code !== null && !mayHaveLeftInput(script, code) })
    }

    /** Nothing is concluded from what came, and nothing more is read on this channel. */
    const refuse = (what: string) => {
      settle(null, null, new AnswerError(`${options.host} ${what}: ${script.name} was given up`))
      live.close()
    }

    const giveUp = (what: string) => {
      settle(null, null, new TimeoutError(`${script.name} on ${options.host} ${what}`))
      live.close()
    }

    const left = Math.max(1, options.timeout - (performance.now() - options.started))
    const timer = setTimeout(() => giveUp(`did not end in ${seconds(options.timeout)}`), left)
    const { stall } = options
    const watch =
      stall === undefined || options.endless || options.stdin === 'channel'
        ? null
        : watchStall(Math.min(stall, left), () => giveUp(`made no progress for ${seconds(stall)}`))
    const heardOn = (half: AnswerReader) => (chunk: Buffer) => {
      watch?.moved()
      half.push(chunk)
    }

    live.ended.then(end =>
      settle(
        null,
        end.signal,
        new LostError(whyLost(options.host, end), end.error ? 'connection' : 'shell', { cause: end.error }),
      ),
    )
    live.listen({ stdout: heardOn(out), stderr: heardOn(err) })
    if (options.sent !== undefined) {
      live.write(LEAVE)
      return
    }
    const request = options.zips ? zippedRequest : requestLine
    const text = requestText(script, options.stdin, live.kept)
    // Only what is zipped with it costs next to nothing.
    const next = options.zips ? keepText(options.next ?? [], live.kept) : ''
    live.write(request(live.nonce, marksText(marks), next + text))
    if (options.stdin === 'input') sendInput(live, script.input, options, () => watch?.moved())
  })
}

async function sendInput(
  live: Live,
  input: readonly Uint8Array[],
  options: ExchangeOptions,
  moved: () => void,
): Promise<void> {
  let sent = 0
  for (const piece of input) {
    for (let at = 0; at < piece.length && live.alive(); at += SLICE) {
      const slice = piece.subarray(at, at + SLICE)
      await live.write(slice)
      sent += slice.length
      moved()
      if (live.alive()) options.onSent?.(sent)
    }
  }
}

/** A script killed by a signal may have taken the drain with it. */
function mayHaveLeftInput(script: Script, code: number): boolean {
  return script.size > 0 && code > 128
}

function whyLost(host: string, end: ChannelEnd): string {
  if (end.error) return `the connection to ${host} was lost: ${end.error.message}`
  if (end.signal) return `the shell on ${host} was killed by ${end.signal}`
  if (end.code !== null) return `the shell on ${host} ended in the middle of the script, with exit code ${end.code}`
  return `${host} closed the channel in the middle of the script`
}

/** A timer of Node takes no more, and fires at once when it is given more. */
const LONGEST = 2 ** 31 - 1

export function atMost(timeout: number): number {
  return Math.min(timeout, LONGEST)
}

export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`
}
