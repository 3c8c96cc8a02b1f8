import { find, isSkipped, programs, skipOf } from '../tiers/programs.js'

/** Whether tests with it run. In CI they always do: a missing program fails there, and is never skipped. */
export function isHere(name: string): boolean {
  if (!isSkipped(name)) return true
  process.stderr.write(`SKIPPED: tests with ${name}, because ${skipOf(name)}=1\n`)
  return false
}

/** Its path. Throws what to install when it is missing. */
export function installed(name: string): string {
  const path = find(name)
  if (path === null) throw new Error(`${name} is missing. Install it: ${sourceOf(name)}`)
  return path
}

function sourceOf(name: string): string {
  const program = programs.exhaustive.find(one => one.name === name)
  if (program === undefined) throw new Error(`${name} is missing in test/tiers/programs.ts`)
  return program.apt === undefined ? `npm install -g ${program.npm}` : `apt-get install ${program.apt}`
}
