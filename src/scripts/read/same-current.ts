import { codes } from '../shell/codes.js'
import { type ShellText, sh } from '../shell/shell.js'

/** Stops when `current` is not what the plan was made from. */
export function sameCurrent(old: string | null): ShellText {
  return sh`${isCurrent(old)} || exit ${codes.currentChanged}`
}

/**
 * A command that tells whether `current` is a link to `target` (null: absent). The shell takes newlines off the end of what
 * a program prints: where it does not lead to the same place either, it is asked for with something after it.
 */
export function isCurrent(target: string | null): ShellText {
  if (target === null) return sh`{ [ ! -e current ] && [ ! -L current ]; }`
  const exactly = sh`[ "$(readlink -n current; echo .)" = ${`${target}.`} ]`
  if (target.endsWith('\n')) return sh`{ [ -L current ] && ${exactly}; }`
  return sh`{ [ -L current ] && [ "$(readlink current)" = ${target} ] && { [ current -ef ${target} ] || ${exactly}; }; }`
}
