import { lineCutter } from '../line-cutter.js'
import { escapeLine } from '../text/escape.js'

type Stream = 'stdout' | 'stderr'
type Tell = (stream: Stream, line: string) => void

/** How much of a program's output is told while it runs. */
export interface Told {
  readonly lines: number
  readonly bytes: number
}

const usual: Told = { lines: 10_000, bytes: 4 << 20 }
export const everything: Told = { lines: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

/**
 * Cuts chunks into lines, each stream for itself, characters never torn at the edge of a chunk. What a program prints
 * beyond `most` is counted and told in one line at the end: writing it all down would keep us from other hosts.
 */
export function outputLines(tell: Tell, most: Told = usual) {
  let { lines, bytes } = most
  let leftOut = 0
  const told = (stream: Stream) => (line: string) => {
    lines -= 1
    bytes -= line.length
    tell(stream, escapeLine(line, Number.POSITIVE_INFINITY))
  }
  const streams = { stdout: lineCutter(told('stdout')), stderr: lineCutter(told('stderr')) }
  return {
    write(stream: Stream, chunk: Buffer) {
      if (lines > 0 && bytes > 0) streams[stream].write(chunk)
      else leftOut += chunk.length
    },
    end() {
      streams.stdout.end()
      streams.stderr.end()
      if (leftOut > 0) tell('stderr', `… ${leftOut} bytes more were printed and are not shown`)
    },
  }
}
