import { StringDecoder } from 'node:string_decoder'

type Stream = 'stdout' | 'stderr'

/** Cuts chunks into lines, each stream for itself, characters never torn at the edge of a chunk. */
export function outputLines(tell: (stream: Stream, line: string) => void) {
  const streams = { stdout: cutter(line => tell('stdout', line)), stderr: cutter(line => tell('stderr', line)) }
  return {
    write: (stream: Stream, chunk: Buffer) => streams[stream].write(chunk),
    end: () => {
      streams.stdout.end()
      streams.stderr.end()
    },
  }
}

const longest = 64 * 1024

function cutter(tell: (line: string) => void) {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return {
    write(chunk: Buffer) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) tell(line)
      if (rest.length > longest) {
        tell(rest)
        rest = ''
      }
    },
    end() {
      rest += decoder.end()
      if (rest !== '') tell(rest)
      rest = ''
    },
  }
}
