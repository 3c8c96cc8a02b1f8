import { codes } from './codes.js'
import { type ShellText, sh } from './shell.js'

/** Stops when `current` is not what the plan was made from. */
export function sameCurrent(old: string | null): ShellText {
  return old === null
    ? sh`[ ! -e current ] && [ ! -L current ] || exit ${codes.currentChanged}`
    : sh`[ -L current ] && [ "$(readlink -n current; echo .)" = ${`${old}.`} ] || exit ${codes.currentChanged}`
}
