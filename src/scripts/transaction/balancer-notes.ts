import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { flush } from '../shell/flush.js'
import { type Script, script, sh } from '../shell/shell.js'

/**
 * Keeps what the balancers were before this run began to change them (JSON, one line), or that this is over: whoever
 * comes after a dead run knows by it what that one drained.
 */
export function recordDrains(claim: Claim, record: string): Script {
  return script('record drains', [
    fenced(claim),
    sh`umask 077
printf '%s\n' ${record} >"$X/drained" && mv -f "$X/drained" ${paths.drained} || exit 1`,
    flush(paths.drained, paths.records),
  ])
}

/**
 * Puts the flag of maintenance there (a record: JSON, one line, for people and for `off`), or takes it away (null). An app tests
 * only whether the file exists. Prints `on` or `off`, as read back. Exit: folder.
 */
export function flagMaintenance(claim: Claim, record: string | null): Script {
  return script('maintenance', [
    fenced(claim),
    sh`[ ! -d ${paths.maintenance} ] || exit ${codes.folder}`,
    record === null
      ? sh`rm -f ${paths.maintenance}`
      : sh`mkdir -p ${paths.shared} && printf '%s\n' ${record} >"$X/maintenance" && chmod 644 "$X/maintenance" && mv -f "$X/maintenance" ${paths.maintenance} || exit ${codes.folder}`,
    sh`if [ -e ${paths.maintenance} ]; then echo on; else echo off; fi`,
  ])
}
