import { StringDecoder } from 'node:string_decoder'

const longest = 16_384

/** Cuts a stream of chunks into lines. A line that a progress bar rewrote (\r) is told once, as it was last. */
export interface OutputLines {
  readonly push: (chunk: Buffer) => void
  readonly end: () => void
}

export function outputLines(onLine: (line: string) => void): OutputLines {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const tell = (line: string) => onLine(line.replace(/\r+$/, '').replace(/^.*\r/s, ''))
  const take = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(tell)
    if (rest.length <= longest) return
    tell(rest)
    rest = ''
  }
  return {
    push: chunk => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end())
      if (rest !== '') tell(rest)
      rest = ''
    },
  }
}
