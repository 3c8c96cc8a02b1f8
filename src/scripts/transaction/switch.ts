import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { exportLines, type HookRun, type Variables } from '../shell/hook.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'

interface Switch {
  /** Where `current` leads when the word comes. */
  readonly target: string
  /** The host has gone back, and the release before gets the traffic again. */
  readonly isBack?: true
  readonly runs: readonly HookRun[]
  readonly variables: Variables
  /** Seconds for which the word is taken. */
  readonly deadline: number
}

/** Makes ready what gives a warm release the traffic, or the one before: at the word nothing is left to be sent or asked. stdin: that script. */
export function laySwitch(claim: Claim, what: Switch): Script {
  return script(
    'lay switch',
    [
      fenced(claim),
      sh`umask 077
cat >"$X/switch.new" && mv -f "$X/switch.new" "$X/switch" && printf '%20s\n' '' >"$X/switching" && : >"$X/word" && echo >"$X/until" || exit ${codes.unpack}`,
    ],
    Buffer.from(atTheWord(claim, what)),
  )
}

/** Waits for `switch TX` and runs it; prints `here` before. Exit: late (another word, too late, or the host went back meanwhile), hook. */
export function switchOver(claim: Claim): Script {
  return script('switch', [
    fenced(claim),
    sh`[ -f "$X/switch" ] || exit ${codes.late}
if [ -n "$clonedeploy_locale" ]; then LC_ALL=$clonedeploy_locale; else unset LC_ALL; fi
exec sh "$X/switch"`,
  ])
}

/**
 * Its process is on record before it asks whether it may go on, as that of a restart: whoever decides to go back ends it, or is
 * seen. Between the word and the first command no program starts: the shell that runs it waits for the word itself. It empties
 * X/until when it goes on, and so tells a late word from a command that failed.
 */
function atTheWord(claim: Claim, what: Switch): string {
  const { runs, variables, deadline } = what
  const [word, until] = limits(claim)
  const parts = [
    sh`unset CDPATH
cd -- ${claim.root} || exit ${codes.folder}
printf '%-20s\n' "$$" 1<>${`${folderOf(claim)}/switching`}
k=${deadline}
true >${word} && b=$(stat -c %Y ${word}) && touch -d "@$((b+k))" ${until} || exit ${codes.late}
clonedeploy_bounded() { if timeout -k 5 5 true 2>/dev/null; then exec timeout -k 5 "$1" sh -c "$2"; else exec sh -c "$2"; fi; }
clonedeploy_failed() { [ ! -s ${until} ] || exit ${codes.late}; printf '\nexit %s\n' "$1"; exit ${codes.hook}; }`,
    // From here on every name may be one of the user's variables.
    exportLines(variables),
    ...runs.map((run, i) => (i === 0 ? bounded(run, deadline, theWord(claim, what)) : bounded(run))),
  ]
  return parts.map(part => `${part}\n`).join('')
}

function bounded({ folder, run, timeout }: HookRun, deadline = 0, before = sh`:`): ShellText {
  const { text } = sh`${before}
cd -- ${`./${folder}`} || exit 1
exec </dev/null
eval ${run}`
  return sh`( clonedeploy_bounded ${Math.ceil(timeout) + deadline} ${text} ) || clonedeploy_failed "$?"`
}

function theWord(claim: Claim, what: Switch): ShellText {
  const [word, until] = limits(claim)
  return sh`clonedeploy_may() { ${mayFollow(claim, what)}; }
clonedeploy_may || exit 1
echo here
IFS= read -r clonedeploy_word
[ "$clonedeploy_word" = ${`switch ${claim.tx}`} ] && true >${word} && [ ! ${word} -nt ${until} ] && clonedeploy_may && true >${until} || exit 1`
}

/** Nobody has decided otherwise, and nobody else is at work here. */
function mayFollow(claim: Claim, { target, isBack }: Switch): ShellText {
  const of = (name: string) => `${folderOf(claim)}/${name}`
  return isBack
    ? sh`[ -e ${of('outcome.reverted')} ] && [ current -ef ${target} ] && [ -e ${of('stage/revert/serve')} ]`
    : sh`[ -e ${of('undecided')} ] && [ current -ef ${target} ] && { [ -L ${of('stage/revert/current')} ] || [ -e ${of('stage/revert/absent')} ]; }`
}

function limits(claim: Claim): readonly [word: string, until: string] {
  return [`${folderOf(claim)}/word`, `${folderOf(claim)}/until`]
}

function folderOf({ tx, of }: Claim): string {
  return paths.tx(of ?? tx)
}
