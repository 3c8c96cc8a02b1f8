import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { folder, type Shell } from './scripts.js'

/** A shell that finds all programs of this machine but these. */
export function lacking(shell: Shell, ...programs: readonly string[]): Shell {
  const names = new Set(['/usr/bin', '/bin'].flatMap(dir => readdirSync(dir)))
  return finding(
    shell.path.split(':').slice(0, 1),
    shell,
    [...names].filter(name => !programs.includes(name)),
  )
}

/** A shell that finds these programs of this machine, too. */
export function having(shell: Shell, ...programs: readonly string[]): Shell {
  return finding(shell.path.split(':'), shell, programs)
}

function finding(path: readonly string[], shell: Shell, programs: readonly string[]): Shell {
  const bin = folder('bin')
  for (const name of programs) symlinkSync(`/usr/bin/${name}`, join(bin, name))
  return { ...shell, path: [...path, bin].join(':') }
}
