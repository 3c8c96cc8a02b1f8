import type { Marks } from './request.js'

/** Reads one stream of a channel and cuts out what is between the marks of one request. */
export interface AnswerReader {
  readonly push: (chunk: Buffer) => void
  /** Hands over what was held back because it might have been the beginning of a mark. */
  readonly flush: () => void
  readonly begun: () => boolean
  /** The exit code behind the end mark; null while it has not come. */
  readonly code: () => number | null
}

interface AnswerListener {
  readonly onNoise: (chunk: Buffer) => void
  readonly onBegin: () => void
  readonly onBytes: (chunk: Buffer) => void
  readonly onEnd: () => void
  /** What stands behind the end mark is no exit code. Nothing is read any more. */
  readonly onGarbage: () => void
}

const NEWLINE = Buffer.from('\n')
const NOTHING = Buffer.alloc(0)
/** Digits of the longest exit code. */
const LONGEST = 3

/** Marks may be split over chunks; the cost is linear in what comes. */
export function answerReader(marks: Pick<Marks, 'begin' | 'end'>, on: AnswerListener): AnswerReader {
  const begin = Buffer.from(`${marks.begin}\n`)
  const end = Buffer.from(`${marks.end} `)
  let state: 'before' | 'inside' | 'ending' | 'done' = 'before'
  let held: Buffer = NOTHING
  let code: number | null = null

  const upTo = (data: Buffer, mark: Buffer, deliver: (chunk: Buffer) => void): Buffer | null => {
    const at = data.indexOf(mark)
    const cut = at >= 0 ? at : data.length - beginningOf(mark, data)
    if (cut > 0) deliver(data.subarray(0, cut))
    if (at >= 0) return data.subarray(at + mark.length)
    held = Buffer.from(data.subarray(cut))
    return null
  }

  const push = (chunk: Buffer) => {
    let data: Buffer | null = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    held = NOTHING
    if (state === 'before') {
      data = upTo(data, begin, on.onNoise)
      if (data === null) return
      state = 'inside'
      on.onBegin()
    }
    if (state === 'inside') {
      data = upTo(data, end, on.onBytes)
      if (data === null) return
      state = 'ending'
    }
    if (state === 'ending') {
      const at = data.indexOf(NEWLINE)
      if (at < 0 && data.length <= LONGEST) {
        held = Buffer.from(data)
        return
      }
      state = 'done'
      code = exitCode(data.subarray(0, Math.max(0, at)))
      if (code === null) on.onGarbage()
      else on.onEnd()
    }
  }

  const flush = () => {
    if (held.length > 0 && state === 'before') on.onNoise(held)
    if (held.length > 0 && state === 'inside') on.onBytes(held)
    held = NOTHING
  }

  return { push, flush, begun: () => state !== 'before', code: () => code }
}

function exitCode(digits: Buffer): number | null {
  const code = digits.length <= LONGEST && /^\d+$/.test(digits.toString('latin1')) ? Number(digits) : null
  return code === null || code > 255 ? null : code
}

/** How many bytes at the end of `data` are the beginning of `mark`. The first byte of a mark is nowhere else in it. */
function beginningOf(mark: Buffer, data: Buffer): number {
  const at = data.lastIndexOf(mark[0] as number)
  const length = data.length - at
  return at >= 0 && length < mark.length && data.subarray(at).equals(mark.subarray(0, length)) ? length : 0
}
