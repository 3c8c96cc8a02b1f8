import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFiles } from '../support/files.js'

/** A folder that stands for the disk of a host as its administrator has set it up: `etc`, and `bin` before all on its PATH. */
export interface Machine {
  readonly folder: string
  readonly path: string
  readonly systemctl: (...args: readonly string[]) => void
  /** Ends what was started by systemctl. */
  readonly stop: () => void
}

const programs: Readonly<Record<string, string>> = {
  id: 'case $1 in -un) echo deploy ;; *) echo 1000 ;; esac',
  // Allows what the page's line for sudoers allows, word for word.
  sudo: `shift; list=; if [ "$1" = -l ]; then list=1; shift; fi
sed -n 's/.*NOPASSWD: //p' "$AT"/etc/sudoers.d/* | tr , '\\n' | sed 's/^ *//' | grep -qxF "/usr/bin/$*" || {
  echo 'sudo: a password is required' >&2; exit 1
}
[ -n "$list" ] || exec "$@"`,
  journalctl: 'cat "$AT/journal"',
}

/** Debian's PATH. Node comes last: not every machine has it there. */
const debian = ['/usr/local/sbin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', dirname(process.execPath)]

export function makeMachine(folder: string): Machine {
  const bin = join(folder, 'bin')
  for (const name of ['bin', 'run', 'etc/sudoers.d']) mkdirSync(join(folder, name), { recursive: true })
  const scripts = Object.entries(programs).map(([name, text]) => [
    name,
    { mode: 0o755, text: `#!/bin/sh\nAT=${folder}\n${text}\n` },
  ])
  writeFiles(bin, Object.fromEntries(scripts))
  copyFileSync(join(import.meta.dirname, 'systemctl.sh'), join(bin, 'systemctl'))
  const path = [bin, ...debian].join(':')
  const systemctl = (...args: readonly string[]) => {
    execFileSync(join(bin, 'systemctl'), args, { env: { PATH: path, HOME: folder } })
  }
  return {
    folder,
    path,
    systemctl,
    stop: () =>
      systemctl('stop', ...readdirSync(join(folder, 'run')).flatMap(name => /^(.*)\.pid$/.exec(name)?.[1] ?? [])),
  }
}
