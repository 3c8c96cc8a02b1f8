import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process that reads what the hosts serve all the time. */
export interface Reader {
  /** Ends it: how often it read a whole release, and everything that was wrong. */
  readonly stop: () => Promise<{ readonly reads: number; readonly wrong: readonly string[] }>
}

export async function startReader(folders: readonly string[]): Promise<Reader> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'reader.mjs'), ...folders], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    said += chunk
  })
  await once(child.stdout, 'data')
  return {
    async stop() {
      child.stdin.end()
      await once(child, 'close')
      const lines = said.trimEnd().split('\n').slice(1)
      return { reads: Number(lines.at(-1)?.split(' ')[0]), wrong: lines.slice(0, -1) }
    },
  }
}
