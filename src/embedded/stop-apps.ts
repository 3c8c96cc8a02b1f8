import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ExitCode } from '../exit-code.js'

/** Stops the apps of a fleet's folder; what it did, a line each. Nothing to do when no fleet was ever started there. */
export async function stopEmbeddedApps(dir: string): Promise<readonly string[]> {
  const file = join(dir, 'stop')
  try {
    await access(file)
  } catch {
    return []
  }
  const { stdout } = await promisify(execFile)('sh', [file])
  return stdout.split('\n').filter(line => line !== '')
}

/** Put into the fleet's folder, for people too: `sh .clonedeploy/fleet/stop`. An app's id is in its `shared/app.pid`. */
export const stopScript = `#!/bin/sh
# Stops the apps that were deployed to the embedded hosts of this folder.
here=$(cd "$(dirname "$0")" && pwd -P) || exit 1

# A pid file may be old, and its number somebody else's by now: only a process that was started from this folder is ours.
ours() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  if [ -r "/proc/$1/cmdline" ]; then
    line=$(tr '\\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)
  else
    line=$(ps -o args= -p "$1" 2>/dev/null)
  fi
  case $line in *"$here"/*) return 0 ;; esac
  return 1
}

pause() { sleep 0.1 2>/dev/null || sleep 1; }

status=0
for file in "$here"/web-*/*/shared/app.pid "$here"/web-*/*/*/shared/app.pid; do
  [ -f "$file" ] || continue
  name=\${file#"$here/"} name=\${name%%/*}
  pid=$(cat "$file" 2>/dev/null)
  if ours "$pid"; then
    kill "$pid" 2>/dev/null
    tries=0
    while ours "$pid" && [ "$tries" -lt 50 ]; do
      tries=$((tries + 1))
      [ "$tries" -eq 30 ] && kill -9 "$pid" 2>/dev/null
      pause
    done
    if ours "$pid"; then
      echo "$name: process $pid does not stop" >&2
      status=1
      continue
    fi
    echo "$name: stopped process $pid"
  fi
  rm -f "$file"
done
exit $status
`

/** A signal in the middle of a command is that command's to handle; here it only ends the play, and everything is cleaned up. */
export function watchSignals(): { readonly caught: () => ExitCode | null; readonly stop: () => void } {
  let caught: ExitCode | null = null
  const interrupt = () => {
    caught ??= 130
  }
  const terminate = () => {
    caught ??= 143
  }
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate)
  const stop = () => {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate)
  }
  return { caught: () => caught, stop }
}
