import { spawn } from 'node:child_process'
import { formatDuration } from '../../text/duration.js'

export type CommandOutput = { readonly stdout: string } | { readonly problem: string }

/** Long enough to unlock a password store by hand. */
const patience = 120_000

/** What a command prints, or how it failed with what it said on stderr. It may ask on the terminal. */
export function commandOutput(command: string, cwd: string, timeout: number = patience): Promise<CommandOutput> {
  const child = spawn('sh', ['-c', command], { cwd, stdio: ['inherit', 'pipe', 'pipe'] })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', chunk => stdout.push(chunk))
  child.stderr.on('data', chunk => stderr.push(chunk))
  return new Promise(resolve => {
    const end = (output: CommandOutput) => {
      clearTimeout(timer)
      resolve(output)
    }
    const failed = (how: string) => end({ problem: `\`${command}\` ${how}${said(stderr)}` })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      // A child of the shell may hold the pipes open after it.
      child.stdout.destroy()
      child.stderr.destroy()
      failed(`did not end within ${formatDuration(timeout)}`)
    }, timeout)
    child.on('error', error => failed(`could not be started: ${error.message}`))
    child.on('close', (code, signal) => {
      if (code === 0) end({ stdout: Buffer.concat(stdout).toString('utf8') })
      else failed(code === null ? `was killed by ${signal}` : `ended with exit code ${code}`)
    })
  })
}

function said(stderr: readonly Buffer[]): string {
  const text = Buffer.concat(stderr).toString('utf8').trim()
  return text === '' ? '' : `: ${text.split('\n').slice(-5).join(' / ').slice(0, 500)}`
}
