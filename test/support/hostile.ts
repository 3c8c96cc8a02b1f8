import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FleetOptions } from './sshd.js'

/** Hosts that somebody else has in hand: what their sessions print is what a test wants. Every `i` counts from 1. */
export interface Hostile {
  /** For `startFleet` and `onFleet`. */
  readonly options: FleetOptions
  /** From its next session on, each line that host `i` prints, on either stream, goes through this program for GNU sed (`e` runs commands). */
  readonly edits: (i: number, sed: string) => void
  /** From its next session on, host `i` runs this shell text in place of what it is asked for. */
  readonly runs: (i: number, text: string) => void
  /** From their next session on, all hosts do what they are asked for. */
  readonly honest: () => void
  /** Writes a file for these hosts; its path. */
  readonly file: (name: string, content: Uint8Array) => string
  readonly remove: () => void
}

/** Real sshd with a forced command, which runs what was asked for and lets the test change what comes of it. */
export function hostile(hosts: number): Hostile {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-hostile-'))
  const of = (i: number) => join(dir, `h${i}`)
  const set = (i: number, kind: 'edits' | 'runs', text: string) => {
    rmSync(of(i), { recursive: true, force: true })
    mkdirSync(of(i))
    writeFileSync(join(of(i), kind), text)
  }
  writeFileSync(join(dir, 'session'), session)
  return {
    options: { hosts, sshdConfig: i => [`ForceCommand /bin/sh ${join(dir, 'session')} ${of(i)}`] },
    edits: (i, sed) => set(i, 'edits', sed),
    runs: (i, text) => set(i, 'runs', text),
    honest: () => {
      for (let i = 1; i <= hosts; i++) rmSync(of(i), { recursive: true, force: true })
    },
    file: (name, content) => {
      writeFileSync(join(dir, name), content)
      return join(dir, name)
    },
    remove: () => {
      if (existsSync(dir)) rmSync(dir, { recursive: true, force: true })
    },
  }
}

const session = `case $SSH_ORIGINAL_COMMAND in *sftp*) exec /usr/lib/openssh/sftp-server ;; esac
[ ! -f "$1/runs" ] || exec sh "$1/runs"
[ -f "$1/edits" ] || exec sh -c "$SSH_ORIGINAL_COMMAND"
{ sh -c "$SSH_ORIGINAL_COMMAND" 2>&1 >&3 3>&- | LC_ALL=C sed -u -f "$1/edits" >&2; } 3>&1 | LC_ALL=C sed -u -f "$1/edits"
`
