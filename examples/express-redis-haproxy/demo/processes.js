import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'

const [lowest, highest] = [30_000, 32_767]
let next = randomInt(lowest, highest)

const packages = {
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  setsid: 'util-linux',
  ps: 'procps',
}

/** Path of a program. /usr/sbin too: it is not on everybody's PATH. */
export function programPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map(folder => join(folder, name)).find(isExecutable) ?? null
}

/** The packages that are missing here. */
export function missingPackages() {
  return Object.keys(packages)
    .filter(name => programPath(name) === null)
    .map(name => packages[name])
}

/** Starts a program whose output goes into a file; Ctrl-C does not reach it, we end it when nobody needs it any more. */
export function start(name, args, { log, env = {} }) {
  const file = openSync(log, 'a')
  const options = { env: { ...process.env, ...env }, stdio: ['ignore', file, file], detached: true }
  const child = spawn(programPath(name), args, options)
  closeSync(file)
  return child
}

/** Waits until `question` does not throw; throws what it threw when the program has ended, or after 20 s. */
export async function until(question, child) {
  const deadline = Date.now() + 20_000
  for (;;) {
    try {
      return await question()
    } catch (error) {
      if (Date.now() > deadline || hasEnded(child)) throw error
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

export async function end(child) {
  if (hasEnded(child)) return
  const gone = once(child, 'exit')
  child.kill()
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(timer)
}

/** Ends a process that is not our child, when it is still the one that was started with these words. */
export async function endByPid(pid, words) {
  for (let tries = 0; runs(pid, words) && tries < 100; tries += 1) {
    if (tries === 0) process.kill(pid, 'SIGTERM')
    if (tries === 60) process.kill(pid, 'SIGKILL')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/**
 * Below the range that the system gives to outgoing connections, one of which could take the port before what is meant to listen
 * there is started.
 */
export async function freePort() {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = next
    next = port === highest ? lowest : port + 1
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${lowest} and ${highest}`)
}

function isFree(port) {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function hasEnded({ exitCode, signalCode }) {
  return (exitCode ?? signalCode) !== null
}

function runs(pid, words) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words)
  } catch {
    return false
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
