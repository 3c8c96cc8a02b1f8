import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { npmFolder, type Program } from './programs.js'

/** $1: units that must not start at boot, by patterns; the rest: packages. */
const script = `set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
units=$1
shift
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get update -qq
apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
if [ -d /run/systemd/system ]; then
  for units in $units; do
    for unit in $(systemctl list-unit-files --no-legend "$units" | cut -d ' ' -f 1); do
      systemctl disable --quiet "$unit" || true
    done
  done
fi
`

/**
 * The packages of sshd, nginx and others start a service. The tests start their own, and a machine must not begin to listen
 * because somebody ran its tests: policy-rc.d keeps the services from starting now, `systemctl disable` at boot.
 */
export function aptInstall(programs: readonly Program[], asRoot: readonly string[]): void {
  const packages = [...new Set(programs.flatMap(({ apt }) => apt ?? []))]
  if (packages.length === 0) return
  const units = programs.flatMap(program => program.units ?? []).join(' ')
  attempt('apt-get', packages, [...asRoot, 'sh', '-c', script, 'sh', units, ...packages])
}

export function npmInstall(programs: readonly Program[]): void {
  const packages = programs.flatMap(({ npm }) => npm ?? [])
  if (packages.length === 0) return
  mkdirSync(npmFolder, { recursive: true })
  attempt('npm', packages, ['npm', 'install', '--prefix', npmFolder, '--no-audit', '--no-fund', ...packages])
}

/** What it prints is worth reading only when it fails. */
function attempt(by: string, packages: readonly string[], [file = '', ...args]: readonly string[]): void {
  for (const name of packages) process.stderr.write(`installing ${name} (${by})\n`)
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status === 0) return
  throw new Error(`${by} could not install ${packages.join(' ')}:\n\n${stdout}${stderr}`)
}
