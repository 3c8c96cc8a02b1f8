import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { vi } from 'vitest'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')

export interface OnTerminal {
  readonly code: number | null
  /** Everything that was on the screen, both streams, without colours and cursor moves. */
  readonly screen: string
}

/** Runs the program on a pseudo-terminal of 200 columns; each answer is typed once the screen has shown its question. */
export async function onTerminal(
  cwd: string,
  args: string,
  answers: readonly (readonly [question: string, typed: string])[],
  more: Readonly<Record<string, string>> = {},
): Promise<OnTerminal> {
  const { PATH = '', HOME = '', XDG_CACHE_HOME = '' } = process.env
  const line = [process.execPath, program, ...args.split(' ')].map(word => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', `stty rows 24 cols 200; exec ${line}`, '/dev/null'], {
    cwd,
    env: { PATH, HOME, XDG_CACHE_HOME, USER: 'anna', TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh', ...more },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let raw = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    raw += chunk
  })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  let from = 0
  for (const [question, typed] of answers) {
    from = await vi.waitFor(() => after(question, plain(raw), from), { timeout: 300_000, interval: 20 })
    child.stdin.write(typed)
  }
  const code = await ended
  return { code, screen: plain(raw) }
}

function after(question: string, screen: string, from: number): number {
  const at = screen.indexOf(question, from)
  if (at < 0) throw new Error(`the screen does not show "${question}" but:\n${screen.slice(from)}`)
  return at + question.length
}

function plain(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what terminals are told with
  return raw.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '')
}
