import { StringDecoder } from 'node:string_decoder'

/** Cuts a stream of chunks into lines. */
interface LineCutter {
  readonly write: (chunk: Buffer) => void
  /** Tells what came after the last line break. */
  readonly end: () => void
}

const longest = 64 * 1024

/** Characters are never torn at the edge of a chunk; what is longer than 64 kB is told in pieces. */
export function lineCutter(tell: (line: string) => void): LineCutter {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return {
    write(chunk) {
      const [first = '', ...lines] = decoder.write(chunk).split('\n')
      rest += first
      for (const line of lines) {
        tell(rest)
        rest = line
      }
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
