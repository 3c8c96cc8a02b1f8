import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { quote } from '../scripts/shell.js'

/** What `ssh ARGS` printed; null: it failed, or did not answer. */
export type SshDump = (args: readonly string[]) => Promise<string | null>

interface Question {
  readonly args: readonly string[]
  readonly answer: (text: string | null) => void
}

/** Milliseconds for all that is asked together. */
const patience = 20_000

/**
 * Starting a process holds up this one for several milliseconds, and much else wants to be done while the first hosts
 * are connected to: what is asked at once is asked by a few shells, one `ssh` after the other.
 */
export function sshDump(): SshDump {
  let waiting: Question[] = []
  const flush = () => {
    const many = Math.min(availableParallelism(), waiting.length)
    for (let n = 0; n < many; n += 1) askAll(waiting.filter((_, i) => i % many === n))
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

function askAll(questions: readonly Question[]): void {
  const lines = questions.map(({ args }) => `ssh ${args.map(quote).join(' ')}; printf '=%s\\n' $?`)
  const shell = spawn('/bin/sh', ['-c', lines.join('\n')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: patience,
  })
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
    for (const { answer } of left.splice(0)) answer(null)
  }
  shell.on('error', giveUp)
  shell.on('close', giveUp)
}
