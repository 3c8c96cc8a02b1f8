import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { PreflightError } from '../../errors.js'
import { formatDuration } from '../../text/duration.js'
import type { Config, SecretSource } from '../config.js'
import { Secret } from './redact.js'

export { redactor, Secret } from './redact.js'

/** Where secrets are read: the folder that commands run in, and the environment. */
type Place = Pick<Config, 'root' | 'secrets'>

/**
 * Reads every secret of the config: from the environment, a command, or a file. A dry run must not call it.
 * Throws one PreflightError that names all that cannot be read.
 */
export async function resolveSecrets(
  { root, secrets }: Place,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ReadonlyMap<string, Secret>> {
  const values = new Map<string, Secret>()
  const missing: string[] = []
  // One after the other: two commands that ask for a password at once could not be answered.
  for (const [name, source] of Object.entries(secrets)) {
    const read = await readSecret(source, root, env).catch(cannotRead)
    const problem = 'value' in read ? valueProblem(read.value) : read.problem
    if (problem !== null) missing.push(`${name}   ${problem}`)
    else if ('value' in read) values.set(name, new Secret(read.value))
  }
  if (missing.length > 0) throw unreadable(missing)
  return values
}

type Read = { readonly value: string } | { readonly problem: string }

async function readSecret(
  source: SecretSource,
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Read> {
  if ('file' in source) return { value: withoutNewline(await readFile(source.file, 'utf8')) }
  if ('env' in source) {
    const value = env[source.env]
    return value === undefined || value === '' ? { problem: `$${source.env} is not set here` } : { value }
  }
  const output = await commandOutput(source.cmd, root)
  return 'stdout' in output ? { value: withoutNewline(output.stdout) } : output
}

function cannotRead(error: unknown): Read {
  return { problem: error instanceof Error ? error.message : String(error) }
}

function valueProblem(value: string): string | null {
  if (value === '') return 'is empty'
  return value.includes('\0') ? 'has a NUL byte in it, which no variable can hold' : null
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function unreadable(missing: readonly string[]): PreflightError {
  const what = missing.length === 1 ? 'A secret' : `${missing.length} secrets`
  return new PreflightError(`${what} cannot be read.`, { changed: 'nothing', details: missing })
}

type CommandOutput = { readonly stdout: string } | { readonly problem: string }

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
