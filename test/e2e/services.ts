import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'
import { type OnFleet, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'

/** Hosts whose login is no root, and where systemctl, sudo, journalctl and pm2 write down how they were called. */
export interface Services extends OnFleet {
  /** The calls on host `i`, since the test began. */
  readonly calls: (i: number) => readonly string[]
  /** A switch that the programs look at: `denied`, `unknown`, `stuck` (a restart ends nothing), `slow` (sudo waits). */
  readonly turn: (i: number, name: 'denied' | 'unknown' | 'stuck' | 'slow', on?: boolean) => void
}

/**
 * `systemctl restart` ends the old app and starts the one in `current`, as a unit does, and waits until it says that it is up,
 * or has ended; its output is its journal.
 */
const systemctl = `case $1 in
  cat) [ ! -e "$AT/unknown" ] || { echo "No files found for $2.service." >&2; exit 1; } ;;
  *)
    D=\${CLONEDEPLOY_RELEASE_PATH%/releases/*}
    if [ ! -e "$AT/stuck" ] && [ -s "$D/pid" ]; then
      read -r p <"$D/pid"; kill "$p" 2>/dev/null
      while kill -0 "$p" 2>/dev/null; do sleep 0.02; done
    fi
    [ -f "$D/current/server.mjs" ] || exit 0
    ( cd "$D/current" && exec setsid node server.mjs ) >>"$AT/journal" 2>&1 </dev/null &
    p=$!; echo "$p" >"$D/pid"
    while kill -0 "$p" 2>/dev/null && ! grep -q "^up $p$" "$AT/journal"; do sleep 0.05; done
esac`

const programs: Readonly<Record<string, string>> = {
  id: 'case $1 in -un) echo deploy ;; *) echo 1000 ;; esac',
  sudo: 'while [ -e "$AT/slow" ]; do sleep 0.2; done\n[ "$2" != -l ] || { [ ! -e "$AT/denied" ] || { echo "sudo: a password is required" >&2; exit 1; }; exit 0; }\nshift; exec "$@"',
  systemctl,
  journalctl: 'cat "$AT/journal"',
  pm2: 'pwd >>"$AT/calls"',
}

export function onServices(hosts: number): Services {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-services-'))
  const at = (i: number, ...name: readonly string[]) => join(dir, `h${i}`, ...name)
  const all = Array.from({ length: hosts }, (_, n) => n + 1)
  for (const i of all) {
    mkdirSync(at(i))
    for (const [name, then] of Object.entries(programs)) {
      const record = name === 'id' ? '' : `echo "${name} $*" >>"$AT/calls"\n`
      writeFileSync(at(i, name), `#!/bin/sh\nAT=${at(i)}\n${record}${then}\n`)
      chmodSync(at(i, name), 0o755)
    }
  }
  const here = onFleet({ hosts, environment: i => [`PATH=${at(i)}:${process.env.PATH}`] })
  beforeEach(() => {
    for (const i of all)
      for (const name of ['calls', 'journal', 'denied', 'unknown', 'stuck', 'slow'])
        rmSync(at(i, name), { force: true })
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return {
    get fleet() {
      return here.fleet
    },
    get project() {
      return here.project
    },
    calls: i => textOf(at(i, 'calls')).split('\n').slice(0, -1),
    turn: (i, name, on = true) => (on ? writeFileSync(at(i, name), '') : rmSync(at(i, name), { force: true })),
  }
}
