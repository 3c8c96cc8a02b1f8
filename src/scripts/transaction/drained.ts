import { paths } from '../../release/paths.js'
import { fenced, flush, type Place } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'

/**
 * Keeps what the balancers were before this run began to change them (JSON, one line), or that this is over: whoever
 * comes after a dead run knows by it what that one drained.
 */
export function recordDrains(place: Place, record: string): Script {
  return script('record drains', [
    fenced(place),
    sh`umask 077
printf '%s\n' ${record} >"$X/drained" && mv -f "$X/drained" ${paths.drained} || exit 1`,
    flush,
  ])
}
