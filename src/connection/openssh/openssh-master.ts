import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { LostError } from '../errors.js'
import { tail } from '../shell/lines.js'
import type { Folder } from './openssh-args.js'
import { sshOutput } from './openssh-output.js'

const LOG_KEPT = 64 << 10
const PATIENCE = 1_000

/** An ssh that is logged in, or on its way there. */
export interface Master {
  /** Settles when it takes channels (true), or has ended before (false). */
  readonly ready: Promise<boolean>
  /** All that it printed, up to the moment it was ready. */
  readonly log: () => string
  /** Why it is gone; null while it runs. */
  readonly lost: () => Error | null
  /** Settles when it has ended: null when we ended it. */
  readonly closed: Promise<Error | null>
  /** Settles when its process has ended. */
  readonly gone: Promise<void>
  /** It is of no use any more, and why. */
  readonly fail: (why: string) => void
  readonly close: () => void
}

export function startMaster(args: readonly string[], folder: Folder): Master {
  const ssh = spawnSsh(args, folder.path)
  const { child } = ssh
  const login = tail(LOG_KEPT)
  const later = tail(4096)
  let isReady = false
  let over: Error | null = null
  let settleReady: (ready: boolean) => void = () => {}
  let settleClosed: (reason: Error | null) => void = () => {}
  const ready = new Promise<boolean>(resolve => {
    settleReady = resolve
  })
  let settleGone: () => void = () => {}
  const gone = new Promise<void>(resolve => {
    settleGone = resolve
  })
  const closed = new Promise<Error | null>(resolve => {
    settleClosed = resolve
  })

  child.stderr?.on('data', (chunk: Buffer) => {
    if (isReady) return later.push(chunk)
    login.push(chunk)
    // The socket gets its name when it is listened on, and there is always a line after that.
    if (!existsSync(folder.socket)) return
    isReady = true
    settleReady(true)
  })
  const end = (why: string) => {
    if (over) return
    over = new LostError(why)
    settleReady(false)
    settleClosed(over)
  }
  child.once('error', error => {
    end(error.message)
    settleGone()
  })
  child.once('exit', () => {
    ssh.dismiss()
    settleGone()
    // Its last words may still be on their way; and a child of it may keep the pipe open.
    setTimeout(() => {
      end(lastWords(later.bytes()))
      child.stderr?.destroy()
    }, 300).unref()
  })
  child.once('close', () => end(lastWords(later.bytes())))

  const close = () => {
    over ??= new LostError('we closed it')
    settleReady(false)
    settleClosed(null)
    hangUp(ssh)
  }
  const fail = (why: string) => {
    end(why)
    hangUp(ssh)
  }
  return {
    ready,
    log: () => login.bytes().toString('utf8'),
    lost: () => over,
    closed,
    gone,
    fail,
    close,
  }
}

/** ssh says goodbye to the host; when that takes none, it does not keep us. */
function hangUp({ child }: GuardedSsh): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  child.once('exit', () => clearTimeout(timer))
}

function lastWords(log: Buffer): string {
  const said = sshOutput(log.toString('utf8')).lines.at(-1)
  return said ?? 'ssh ended without a word'
}

/**
 * Runs ssh in a shell that turns into it, after it has started a guard: when the pipe from us ends without a word,
 * because this process was killed, the guard ends ssh and removes its folder. A line on the pipe sends it home.
 * After a second, a process of that number is killed only if it is an ssh still.
 */
const GUARDED = `folder=$1
shift
{ read -r _ <&3 || { kill $$; rm -rf -- "$folder"; sleep 1; case $(ps -o comm= -p $$) in *ssh) kill -9 $$; esac; }; } >/dev/null 2>&1 &
exec ssh "$@" 3<&-`

interface GuardedSsh {
  readonly child: ChildProcess
  /** Sends the guard home, once ssh has ended. */
  readonly dismiss: () => void
}

/** In a session of its own: Ctrl-C must not cut the way to a host that is about to be rolled back, and ssh has no terminal to ask on. */
function spawnSsh(args: readonly string[], folder: string): GuardedSsh {
  const child = spawn('/bin/sh', ['-c', GUARDED, 'ssh', folder, ...args], {
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
    // Not its stdin, which Node closes as soon as ssh ends.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const pipe = child.stdio[3] as Writable
  pipe.on('error', () => {})
  return { child, dismiss: () => pipe.end('\n') }
}
