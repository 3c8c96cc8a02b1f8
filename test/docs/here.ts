import { main } from '../../src/main.js'

/** The command line in this process, in a folder; what it wrote, and its exit code. */
export async function clonedeploy(cwd: string, ...args: readonly string[]) {
  const text = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    destroyed: false,
    on: () => {},
    write(chunk: string) {
      text[name] += chunk
      return true
    },
  })
  const code = await main(args, {
    cwd,
    env: { USER: 'ann' },
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdinIsTTY: false,
    onSignal: () => () => {},
    exit: () => {
      throw new Error('exit')
    },
  })
  return { code, ...text }
}
