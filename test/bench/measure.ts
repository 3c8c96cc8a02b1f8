import { spawn } from 'node:child_process'

/** Seconds of a whole process, from its start to its end. Throws unless it ended with 0. */
export async function seconds(command: string, args: readonly string[], cwd: string): Promise<number> {
  return (await timed(command, args, cwd)).seconds
}

/** The same, with the last of what it said on stderr. */
export function timed(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly seconds: number; readonly said: string }> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', chunk => {
      said = `${said}${chunk}`.slice(-2000)
    })
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve({ seconds: (performance.now() - began) / 1000, said })
      else reject(new Error(`${command} ended with ${code}:\n${said}`))
    })
  })
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}
