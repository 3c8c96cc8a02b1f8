import { codes } from '../shell/codes.js'
import { type Script, script, sh } from '../shell/shell.js'

const find = (file: string) =>
  sh`LC_ALL=C; export LC_ALL; unset CDPATH
f=$(readlink -f -- ${file}) && [ -f "$f" ] && [ -r "$f" ] || { echo "no file that can be read: "${file} >&2; exit ${codes.releaseMissing}; }`

/** Prints the file, whatever links lead to it. Exit: releaseMissing. */
export function readUpstream(file: string): Script {
  return script('read upstream', [find(file), sh`cat -- "$f"`])
}

interface Upstream {
  readonly file: string
  /** sha256 of the file as it was read: another one is not written over. */
  readonly was: string
  /** Shell commands: whether the configuration is right, and what makes it hold. */
  readonly test: string
  readonly reload: string
}

/**
 * Puts a new text in the file's place by one rename, tests, reloads; when one of these fails, the old file is back in its
 * place and the old configuration reloaded. The old file stays beside it as `.NAME.before`. stdin: the new text.
 * Exit: currentChanged, unpack, hook (with what the command printed).
 */
export function writeUpstream({ file, was, test, reload }: Upstream, text: Uint8Array): Script {
  const parts = [
    find(file),
    sh`d=\${f%/*}; n="$d/.\${f##*/}"
s=$(sha256sum <"$f"); [ "\${s%% *}" = ${was} ] || exit ${codes.currentChanged}
cp -p -- "$f" "$n.before" && cp -p -- "$f" "$n.new" && cat >"$n.new" || { rm -f -- "$n.new"; exit ${codes.unpack}; }
mv -f -- "$n.new" "$f" || exit ${codes.unpack}
run() { sh -c "$1" </dev/null 2>&1; }
run ${test} && run ${reload} && exit 0
c=$?
cp -p -- "$n.before" "$n.new" && mv -f -- "$n.new" "$f" || exit ${codes.unpack}
run ${test} >/dev/null && run ${reload} >/dev/null
printf '\nexit %s\n' "$c"
exit ${codes.hook}`,
  ]
  return script('write upstream', parts, text)
}
