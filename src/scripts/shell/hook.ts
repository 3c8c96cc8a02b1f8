import { paths } from '../../release/paths.js'
import { codes } from './codes.js'
import { type Claim, enter, fenced } from './fence.js'
import { type Script, ShellText, script, sh } from './shell.js'

export interface HookRun {
  /** Folder below deployTo in which the command runs. */
  readonly folder: string
  readonly run: string
  /** Seconds. */
  readonly timeout: number
}

/** Variables for a hook; they travel on stdin, so that no `ps` and no log ever shows a secret. */
export type Variables = Readonly<Record<string, string>>

/** What is done in `deployTo` before a command, and after it when it ended with 0. */
interface Around {
  readonly before?: ShellText
  readonly after?: ShellText
}

/** Runs a user's command in a release. Exit: hook, after a last line `exit CODE`; folder. */
export function hook(
  claim: Claim,
  what: HookRun,
  variables: Variables,
  { before = sh``, after = sh`` }: Around = {},
): Script {
  const parts = [fenced(claim), before, runCommand(what, claim), after]
  return script(
    'hook',
    parts.filter(({ text }) => text !== ''),
    exports(variables),
  )
}

/** The same without a transaction: `run` and health commands. */
export function command(root: string, what: HookRun, variables: Variables): Script {
  return script('command', [enter(root), runCommand(what)], exports(variables))
}

/** `claim`: the transaction that it is on record in while it runs. */
function runCommand(what: HookRun, claim: Claim | null = null): ShellText {
  return sh`( cd -- ${what.folder} ) || exit ${codes.folder}
if [ -n "$clonedeploy_locale" ]; then LC_ALL=$clonedeploy_locale; else unset LC_ALL; fi
${
  claim === null
    ? sh``
    : sh`set -- "$h"
`
}eval "$(cat)"
${
  claim === null
    ? sh`${boundedCommand(what)}
c=$?`
    : recordedCommand(what, claim)
}
[ "$c" -eq 0 ] || { printf '\nexit %s\n' "$c"; exit ${codes.hook}; }`
}

/**
 * On record before it begins, for \`endwork\`: whoever ends the transaction calls off first (\`calledoff\`) and looks then, and this
 * records first and looks then, so that one of them sees the other. A repair runs hooks of a transaction that was called off.
 * $1: the epoch; every variable may be the user's.
 */
function recordedCommand({ folder, run, timeout }: HookRun, { tx, of = tx }: Claim): ShellText {
  const [journal, epochs] = [paths.tx(of), paths.epochs]
  const record = `${journal}/hook`
  const ours = sh`[ ! -e ${`${paths.tx(tx)}/calledoff`} ] && [ -e ${epochs}/"$1"/tx ] && [ ! -e ${epochs}/"$1"/released ] && [ ! -e ${epochs}/"$(($1+1))" ]`
  // Without room for its number it begins all the same: it may be what puts the host back.
  const begin = sh`{ echo "$$" >${record} || [ -d ${journal} ]; } 2>/dev/null && ${ours} || exit 1
shift; cd -- ./${folder} && exec "$@"`
  return sh`clonedeploy_ours() { ${ours}; }
if timeout -k 5 5 true 2>/dev/null; then set -- "$1" timeout -k 5 ${Math.ceil(timeout)}; fi
sh -c ${begin.text} sh "$@" sh -c ${run} </dev/null &
wait "$!"
c=$?
rm -f ${record}
[ "$c" -eq 0 ] || clonedeploy_ours "$1" || exit ${codes.fenced}`
}

function boundedCommand(what: HookRun): ShellText {
  return sh`if timeout -k 5 5 true 2>/dev/null; then set -- timeout -k 5 ${Math.ceil(what.timeout)}; else set --; fi
( cd -- ./${what.folder} || exit 1; exec "$@" sh -c ${what.run} ) </dev/null`
}

/**
 * All hooks as one script for the dead-man's switch: what to run once `current` is back. Each is run, whatever the others
 * come to; exit: that of the last one that failed. Nothing at all when there are none.
 */
export function afterwards(root: string, runs: readonly HookRun[], variables: Variables): Uint8Array {
  if (runs.length === 0) return Buffer.alloc(0)
  const parts = [
    sh`cd -- ${root} || exit ${codes.folder}
unset LC_ALL`,
    exportLines(variables),
    sh`clonedeploy_failed=0`,
    ...runs.map(run => sh`${boundedCommand(run)} || clonedeploy_failed=$?`),
    sh`exit "$clonedeploy_failed"`,
  ]
  return Buffer.from(parts.map(part => `${part}\n`).join(''))
}

/** What a script evaluates from its stdin. */
export function exports(variables: Variables): Uint8Array {
  return Buffer.from(exportLines(variables).text)
}

export function exportLines(variables: Variables): ShellText {
  return new ShellText(
    Object.entries(variables)
      .map(([name, value]) => sh`export ${name}=${value}`.text)
      .join('\n'),
  )
}
