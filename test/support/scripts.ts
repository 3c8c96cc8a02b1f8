import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Claim } from '../../src/scripts/shell/fence.js'
import type { Script } from '../../src/scripts/shell/shell.js'
import { keepByHand, keeps } from './by-hand.js'
import { atFileEnd } from './file-end.js'
import { tried } from './tier.js'

/** A shell with what it finds on its PATH: `sh` is that shell too. */
export interface Shell {
  readonly name: string
  readonly command: readonly string[]
  readonly path: string
  /** Whether it runs what comes first on PATH. The busybox of `busybox-static` runs its own applets instead. */
  readonly followsPath: boolean
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Runs as this user, not as the one who runs the tests. */
  readonly uid?: number
}

/** A script that waits on its stdin. */
export interface Started {
  readonly pid: number
  readonly line: () => Promise<string | null>
  readonly send: (line: string) => void
  /** Takes its stdin away, as a lost connection does. */
  readonly hangUp: () => void
  readonly kill: (signal: NodeJS.Signals) => void
  readonly result: Promise<Ran>
}

const temporary = mkdtempSync(join(keeps ? '/tmp' : tmpdir(), 'clonedeploy-scripts-'))
const waiting: ChildProcess[] = []
let count = 0

// It comes again with the next folder that is asked for.
atFileEnd(() => {
  for (const child of waiting.splice(0)) child.kill('SIGKILL')
  if (!keeps) rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
})

/** The busybox that plays a host without GNU's tools: the one that is installed, or another build of it. */
export const busybox = absolute(process.env.CLONEDEPLOY_BUSYBOX ?? 'busybox')

/** Every shell that a host may have as its `sh`, as which bash is always posix; under busybox there are its applets and nothing else. */
export const everyShell: readonly Shell[] = installed([
  shellOf('dash', [absolute('dash')], () => `${folderWith('dash', () => ['sh'])}:/usr/bin:/bin`),
  shellOf('bash', [absolute('bash'), '--posix'], () => `${folderWith('bash', () => ['sh'])}:/usr/bin:/bin`),
  shellOf('busybox', [busybox, 'sh'], () => folderWith('busybox', applets)),
])

/** dash alone every day; under the others life.test.ts runs each script then, and the other tests belong to the exhaustive tier. */
export const shells: readonly Shell[] = tried(everyShell, ({ name }) => name === 'dash')

/** The shells under which a test can put a program of its own before those of the host. */
export const shellsOnPath: readonly Shell[] = shells.filter(({ followsPath }) => followsPath)

/** An empty folder of its own. */
export function folder(name = 'folder'): string {
  count += 1
  return open(join(String(count), name))
}

/** A folder that other users may enter, too. */
function open(name: string): string {
  const dir = join(temporary, name)
  mkdirSync(dir, { recursive: true })
  chmodSync(temporary, 0o755)
  return dir
}

/** Runs a script to its end, as a host does. */
export function run(script: Script, shell: Shell, options: RunOptions = {}): Promise<Ran> {
  const child = spawnShell(script, shell, options)
  child.stdin?.on('error', () => {})
  child.stdin?.end(Buffer.concat(script.input))
  return ended(child)
}

/** Starts a script whose stdin stays open. */
export function start(script: Script, shell: Shell, options: RunOptions = {}): Started {
  const child = spawnShell(script, shell, options)
  waiting.push(child)
  const { stdin } = child
  stdin?.on('error', () => {})
  const result = ended(child)
  return {
    pid: child.pid ?? 0,
    line: lineReader(child),
    send: line => void stdin?.write(`${line}\n`),
    hangUp: () => void stdin?.end(),
    kill: signal => void child.kill(signal),
    result,
  }
}

export function place(root: string, tx = 't1'): Claim {
  return { root, tx }
}

/** What `current` points at; null when there is none. */
export function currentOf(root: string): string | null {
  try {
    return readlinkSync(join(root, 'current'))
  } catch {
    return null
  }
}

/** Waits for a condition; fails when it never comes true. */
export async function until(condition: () => boolean, what: string, seconds = 300): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

function spawnShell(script: Script, shell: Shell, { env, uid }: RunOptions): ChildProcess {
  const [file = 'sh', ...args] = shell.command
  const home = { PATH: shell.path, HOME: temporary, SHELL: '/bin/sh' }
  const whole = { ...home, ...env }
  if (keeps) keepByHand(temporary, script, shell.command, whole)
  return spawn(file, [...args, '-c', script.text], {
    cwd: env?.HOME ?? temporary,
    env: whole,
    stdio: 'pipe',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
}

function ended(child: ChildProcess): Promise<Ran> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', chunk => out.push(chunk))
  child.stderr?.on('data', chunk => err.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code =>
      resolve({ code, stdout: Buffer.concat(out).toString('latin1'), stderr: Buffer.concat(err).toString('latin1') }),
    )
  })
}

/** The lines of a child's stdout, one a call; null when there are no more. */
function lineReader(child: ChildProcess): () => Promise<string | null> {
  let text = ''
  let over = false
  let wake = () => {}
  child.stdout?.on('data', chunk => {
    text += chunk
    wake()
  })
  child.stdout?.on('close', () => {
    over = true
    wake()
  })
  return async () => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end >= 0) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return line
      }
      if (over) return null
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
}

function installed(all: readonly Shell[]): readonly Shell[] {
  const missing = all.filter(({ command }) => command[0] === '')
  if (missing.length === 0) return all
  const names = missing.map(({ name }) => name).join(', ')
  const skip = process.env.CLONEDEPLOY_SKIP_BUSYBOX === '1' && !process.env.CI
  if (!skip) throw new Error('apt-get install busybox dash')
  process.stderr.write(`\n  NOT TESTED: ${names} is not installed (CLONEDEPLOY_SKIP_BUSYBOX=1)\n\n`)
  return all.filter(shell => !missing.includes(shell))
}

/** Names of everything that busybox is, but itself. */
export function applets(): readonly string[] {
  if (busybox === '') return []
  return execFileSync(busybox, ['--list'], { encoding: 'utf8' })
    .split('\n')
    .filter(name => name !== '' && name !== 'busybox')
}

function shellOf(name: string, command: readonly string[], path: () => string): Shell {
  return {
    name,
    command,
    get path() {
      return path()
    },
    get followsPath() {
      return name !== 'busybox' || !prefersApplets()
    },
  }
}

function prefersApplets(): boolean {
  const bin = folder()
  writeFileSync(join(bin, 'stat'), '#!/bin/sh\n', { mode: 0o755 })
  return spawnSync(busybox, ['sh', '-c', 'stat /nowhere'], { env: { PATH: bin } }).status !== 0
}

function folderWith(program: string, names: () => readonly string[]): string {
  const dir = join(temporary, `bin-${program}`)
  if (existsSync(dir)) return dir
  const target = program === 'busybox' ? busybox : absolute(program)
  open(`bin-${program}`)
  for (const name of names()) symlinkSync(target, join(dir, name))
  return dir
}

function absolute(program: string): string {
  try {
    return execFileSync('sh', ['-c', 'command -v -- "$0"', program], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}
