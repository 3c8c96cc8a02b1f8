import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { signalGroup } from '../../process-group.js'
import { quote } from '../../scripts/shell/shell.js'

/** What `ssh ARGS` printed; null: it failed, or did not answer in time. */
type SshDump = (args: readonly string[]) => Promise<string | null>

interface Question {
  readonly args: readonly string[]
  readonly answer: (text: string | null) => void
}

/** Milliseconds for what one shell asks. */
const patience = 20_000

/** As many as one shell asks, one after the other: a `Match exec` may take its time. */
const most = 8

/**
 * Starting a process holds up this one for several milliseconds, and much else wants to be done while the first hosts
 * are connected to: what is asked at once is asked by a few shells.
 */
export function sshDump(limit = patience): SshDump {
  let waiting: Question[] = []
  const flush = () => {
    const shells = Math.max(Math.min(availableParallelism(), waiting.length), Math.ceil(waiting.length / most))
    for (let n = 0; n < shells; n += 1) {
      const own = waiting.filter((_, i) => i % shells === n)
      askAll(own, limit)
    }
    waiting = []
  }
  return args =>
    new Promise(answer => {
      waiting.push({ args, answer })
      if (waiting.length === 1) setImmediate(flush)
    })
}

/** No line that `ssh -G` prints begins so. */
const end = /^=(\d+)\n/m

function askAll(questions: readonly Question[], limit: number): void {
  const lines = questions.map(({ args }) => `ssh ${args.map(quote).join(' ')}; printf '=%s\\n' $?`)
  const shell = spawn('/bin/sh', ['-c', lines.join('\n')], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  const left = [...questions]
  let text = ''
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    for (let match = end.exec(text); match !== null; match = end.exec(text)) {
      left.shift()?.answer(match[1] === '0' ? text.slice(0, match.index) : null)
      text = text.slice(match.index + match[0].length)
    }
  })
  const giveUp = () => {
    clearTimeout(timer)
    for (const { answer } of left.splice(0)) answer(null)
  }
  const timer = setTimeout(() => {
    giveUp()
    // What hangs is below the shell, and holds its output open.
    shell.stdout.destroy()
    signalGroup(shell, 'SIGKILL')
  }, limit)
  shell.on('error', giveUp)
  shell.on('close', giveUp)
}

/** Names that an ssh configuration gives to hosts, in its order; none where it cannot be read. Patterns are no names. */
export function sshAliases(configFile: string): readonly string[] {
  const lines = textOf(configFile).matchAll(/^[ \t]*Host(?:[ \t]*=[ \t]*|[ \t]+)(.+)$/gim)
  const names = [...lines].flatMap(([, words = '']) => words.trim().split(/\s+/))
  return [...new Set(names.filter(name => /^[\w.-]+$/.test(name)))]
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
