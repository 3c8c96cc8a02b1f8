import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Runs vitest to its end; gives its exit code. */
export function vitest(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
  // Its file of certificates costs every start of Node 0.07 s; no test speaks to the world outside.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
  const program = join(root, 'node_modules/vitest/vitest.mjs')
  const child = spawn(process.execPath, [program, ...args], {
    cwd: root,
    env: { ...env, ...more },
    stdio: 'inherit',
  })
  const end = (signal: NodeJS.Signals) => void child.kill(signal)
  // A terminal's Ctrl-C reaches both; this one goes on until vitest has cleaned up.
  const wait = () => {}
  process.on('SIGTERM', end).on('SIGHUP', end).on('SIGINT', wait)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.off('SIGTERM', end).off('SIGHUP', end).off('SIGINT', wait)
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM'])
    })
  })
}

/** Types and lint, to run beside the tests. Prints what is wrong as soon as it is known. */
export function check(): Promise<number> {
  const child = spawn('npm', ['run', '--silent', 'check'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      if (code !== 0) process.stderr.write(`\n${Buffer.concat(said)}\n`)
      resolve(code ?? 1)
    })
  })
}
