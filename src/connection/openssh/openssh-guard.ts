import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'

/**
 * Runs ssh in a shell that turns into it, after it has started a guard: when the pipe from us ends without a word,
 * because this process was killed, the guard ends ssh and removes its folder. A line on the pipe sends it home.
 * After a second, a process of that number is killed only if it is an ssh still.
 */
const GUARDED = `folder=$1
shift
{ read -r _ <&3 || { kill $$; rm -rf -- "$folder"; sleep 1; case $(ps -o comm= -p $$) in *ssh) kill -9 $$; esac; }; } >/dev/null 2>&1 &
exec ssh "$@" 3<&-`

export interface GuardedSsh {
  readonly child: ChildProcess
  /** Sends the guard home, once ssh has ended. */
  readonly dismiss: () => void
}

/** In a session of its own: Ctrl-C must not cut the way to a host that is about to be rolled back, and ssh has no terminal to ask on. */
export function spawnSsh(args: readonly string[], folder: string): GuardedSsh {
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
