import { codes } from '../shell/codes.js'
import { type Script, script, sh } from '../shell/shell.js'
import { printWorkers, takenFunction } from './nginx-workers.js'

const find = (file: string) =>
  sh`LC_ALL=C; export LC_ALL; unset CDPATH
f=$(readlink -f -- ${file}) && [ -f "$f" ] && [ -r "$f" ] || { echo "no file that can be read: "${file} >&2; exit ${codes.releaseMissing}; }`

/** Prints the file, whatever links lead to it; `workers`: after a line of what runs of nginx. Exit: releaseMissing. */
export function readUpstream(file: string, workers = false): Script {
  return script('read upstream', [find(file), ...(workers ? [printWorkers] : []), sh`cat -- "$f"`])
}

/** Whether a new text could be put in the file's place, and whether the configuration is right as it is. Exit: unpack, hook (with what was printed). */
export function tryUpstream({ file, test }: Pick<Upstream, 'file' | 'test'>): Script {
  const parts = [
    find(file),
    sh`for p in "$f" "\${f%/*}"; do [ -w "$p" ] || { echo "$p may not be written"; exit ${codes.unpack}; }; done
sh -c ${test} </dev/null 2>&1 || exit ${codes.hook}`,
  ]
  return script('try upstream', parts)
}

interface Upstream {
  readonly file: string
  /** sha256 of the file as it was read: another one is not written over. */
  readonly was: string
  /** sha256 of the new text: of a lost connection only its beginning may have come. */
  readonly becomes: string
  /** Shell commands: whether the configuration is right, and what makes it hold. */
  readonly test: string
  readonly reload: string
  /** That nginx has read it is to be seen of its workers; then it prints how long that took, `took MILLISECONDS`. */
  readonly seen?: boolean
}

/**
 * Puts a new text in the file's place by one rename, tests, reloads; when one of these fails, the old file is back in its
 * place and the old configuration reloaded. The old file stays beside it as `.NAME.before`. stdin: the new text.
 * Exit: currentChanged, unpack, hook (with what the command printed).
 */
export function writeUpstream({ file, was, becomes, test, reload, seen = false }: Upstream, text: Uint8Array): Script {
  const parts = [
    find(file),
    sh`d=\${f%/*}; n="$d/.\${f##*/}"
s=$(sha256sum <"$f"); [ "\${s%% *}" = ${was} ] || exit ${codes.currentChanged}
cp -p -- "$f" "$n.before" && cp -p -- "$f" "$n.new" && cat >"$n.new" && s=$(sha256sum <"$n.new") && [ "\${s%% *}" = ${becomes} ] || { rm -f -- "$n.new"; exit ${codes.unpack}; }
mv -f -- "$n.new" "$f" || exit ${codes.unpack}
run() { sh -c "$1" </dev/null 2>&1; }
${seen ? takenFunction : sh`taken() { :; }; clock() { :; }`}
run ${test} && clock && from=$c && run ${reload} && taken && exit 0
c=$?
cp -p -- "$n.before" "$n.new" && mv -f -- "$n.new" "$f" || exit ${codes.unpack}
run ${test} >/dev/null && run ${reload} >/dev/null
printf '\nexit %s\n' "$c"
exit ${codes.hook}`,
  ]
  return script('write upstream', parts, text)
}
