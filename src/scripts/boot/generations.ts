import { type ShellText, sh } from '../shell/shell.js'

/** Whose generations a machine reads, and whom it believes. */
export interface GenerationSettings {
  readonly app: string
  readonly stage: string
  /** Below the store: where the app's files are, and the generations of the stage. */
  readonly keys: { readonly app: string; readonly generations: string }
  /** Who may sign, as a file of OpenSSH's says it, and what for (`namespace`); null: everything is believed, signed or not. */
  readonly signers: { readonly text: string; readonly namespace: string } | null
}

/**
 * `newest`: finds the newest generation, `$N`; 3 where that is older than one that was seen here, 2 where the store gives no
 * answer. `understand`: reads what it confirms; `believe`: 0 where it is signed by somebody who may. `is_bad`: whether it says
 * so of the release that it confirms. Needs `get`, `$F`, `$seen`.
 *
 * Generations are numbered without a gap, created and never overwritten or removed: the newest is found by looking for higher
 * ones in growing steps, without a list.
 */
export function generations(settings: GenerationSettings): ShellText {
  return sh`${search(settings)}
${record(settings)}
${signatures(settings)}`
}

function search({ keys }: GenerationSettings): ShellText {
  return sh`has() {
  get ${keys.generations}/"$(printf %010d "$1")" "$F/generation" ${1 << 20} || return
  # What answers everything is no store.
  begins "$1" || { echo "generation $1 is not as clonedeploy writes them" >"$F/why"; return 2; }
}
newest() {
  N=$seen s=1
  if [ "$N" -gt 0 ]; then has "$N"; c=$?; [ "$c" = 0 ] || { [ "$c" = 1 ] && return 3; return 2; }; fi
  while :; do
    has "$((N+s))"; c=$?
    case $c in 0) N=$((N+s)); s=$((s*2)) ;; 1) break ;; *) return 2 ;; esac
  done
  e=$((N+s))
  while [ "$((e-N))" -gt 1 ]; do
    m=$(((N+e)/2)); has "$m"; c=$?
    case $c in 0) N=$m ;; 1) e=$m ;; *) return 2 ;; esac
  done
}`
}

/**
 * A record is read from its front, each part where it has to be and of no more than plain characters, up to the last one that
 * is needed: what stands behind that, also texts of others, is never looked at. `$text` is what is not read yet.
 */
function record({ app, stage }: GenerationSettings): ShellText {
  const whose = `,"app":${JSON.stringify(app)},"stage":${JSON.stringify(stage)},"at":"`
  return sh`past() { case $text in "$1"*) text=\${text#"$1"} ;; *) return 1 ;; esac; }
value() {
  value=\${text%%\"*}
  [ -n "$value" ] && [ "\${#value}" -le "$1" ] || return 1
  case $value in *[!A-Za-z0-9._:/-]*) return 1 ;; esac
  text=\${text#"$value"}; past '"'
}
is_sum() { case $1 in *[!0-9a-f]*) return 1 ;; esac; [ "\${#1}" = 64 ]; }
begins() { text=$(head -n 1 "$F/generation" | cut -b 1-4000); past '{"number":'"$1"${whose}; }
# 1: it is no generation that can be read here.
understand() {
  state= release= digest= program= tree=
  head -n 1 "$F/generation" >"$F/line"
  [ "$(tail -c 2 "$F/line")" = '}' ] && begins "$N" && value 40 || return 1
  at=$value
  past ',"state":"' && value 9 && past ',"confirmed":' || return 1
  state=$value
  case $state in pending|confirmed|withdrawn) ;; *) return 1 ;; esac
  past null, || { confirms || { release=; return 1; }; }
}
confirms() {
  past '{"release":"' && value 64 || return 1
  release=$value
  case $release in *[/:]*|.*|-*) return 1 ;; esac
  past ',"digest":null,' && return
  past ',"digest":"sha256:' && value 64 && is_sum "$value" || return 1
  digest=$value
  if past ',"boot":"'; then
    value 300 || return 1
    program=$value
    case $program in artifacts/"$digest"/*/boot-*) is_sum "\${program##*/boot-}" || return 1 ;; *) return 1 ;; esac
    n=\${program#artifacts/"$digest"/}
    case \${n%/boot-*} in */*|.*|-*|*:*) return 1 ;; esac
  fi
  if past ',"tree":"'; then value 64 && is_sum "$value" || return 1; tree=$value; fi
  past ','
}
is_bad() { grep -q -F '{"release":"'"$release"'","digest":"sha256:'"$digest"'","reason":"' "$F/line"; }
bad_reason() { sed -n 's/.*{"release":"'"$release"'","digest":"sha256:'"$digest"'","reason":"\([^"\\]*\).*/\1/p' "$F/line"; }`
}

/** What is signed names the program by its sha256, and that the files by theirs. A signer has to have been allowed when it was made. */
function signatures({ signers }: GenerationSettings): ShellText {
  if (signers === null) return sh`believe() { :; }`
  const { text, namespace } = signers
  return sh`believe() {
  find="find out who may write in the store; if generation $N is right: clonedeploy deploy --trust-generation $N signs what follows"
  tail -n +2 "$F/generation" >"$F/signature"
  [ -s "$F/signature" ] || { echo "is not signed: $find" >"$F/why"; return 1; }
  command -v ssh-keygen >/dev/null 2>&1 || { echo 'cannot be checked: there is no ssh-keygen on this machine' >"$F/why"; return 1; }
  t=$(printf %s "\${at%%.*}" | tr -d 'T:-')
  case $t in *[!0-9]*) t= ;; esac
  [ "\${#t}" = 14 ] || { echo "does not say when it was made: $find" >"$F/why"; return 1; }
  printf '%s\n' ${text} >"$F/signers" || return 1
  ( TZ=UTC0; export TZ; is_signed ) && return
  k=$(ssh-keygen -Y check-novalidate -n ${namespace} -s "$F/signature" <"$F/line" 2>/dev/null) || { echo "is signed, but was changed since, or was signed for something else: $find" >"$F/why"; return 1; }
  case $k in *' with '*) k="the \${k##* with }" ;; *) k='a key' ;; esac
  echo "is signed by $k, which this machine does not allow: if it may sign, add it to allowedSigners and make the image again" >"$F/why"
  return 1
}
is_signed() {
  ssh-keygen -Y find-principals -s "$F/signature" -f "$F/signers" -Overify-time="$t" </dev/null 2>/dev/null | head -n 20 >"$F/names"
  while IFS= read -r n; do
    ssh-keygen -Y verify -f "$F/signers" -I "$n" -n ${namespace} -s "$F/signature" -Overify-time="$t" <"$F/line" >/dev/null 2>&1 && return
  done <"$F/names"
  return 1
}`
}
