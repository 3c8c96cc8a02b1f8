import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { group } from '../shell/script-chain.js'
import { type Script, ShellText, sh } from '../shell/shell.js'
import { blanks } from './blanks.js'

/** A step for machines with one of these roles; null: for all. */
export interface RoleStep {
  readonly roles: readonly string[] | null
  readonly script: Script
  /** For people. */
  readonly text: string
}

/** A question that is asked until it is answered well, for at most so many seconds. */
export interface HealthStep extends RoleStep {
  readonly within: number
}

/** How a step depends on what `current` is: absent, another release, or this one. */
export type ByCurrent = Readonly<Record<'absent' | 'other' | 'same', Script>>

/** Everything that brings a machine to a release: the scripts of a deploy, with blanks. */
export interface ProgramSteps {
  readonly release: string
  /** `sha256:…` of the manifest. */
  readonly digest: string
  /** Where its files lie in the store, below the app; their sha256 (hex) and bytes. */
  readonly payload: { readonly key: string; readonly sum: string; readonly size: number }
  /** Names of variables that the machine has to have from elsewhere. */
  readonly secrets: readonly string[]
  /** Programs that it has to have. */
  readonly tools: readonly string[]
  readonly lock: Script
  readonly renew: Script
  /** Whether every file is there as it was sealed. */
  readonly verify: Script
  readonly unpack: Script
  readonly prepare: readonly RoleStep[]
  /** Of a tree that hooks have changed, and of one as it came. */
  readonly seal: { readonly hooked: Script; readonly plain: Script }
  readonly links: ByCurrent
  readonly arm: ByCurrent
  readonly restart: readonly RoleStep[]
  readonly health: readonly HealthStep[]
  readonly confirm: Script
  readonly finish: Script
  readonly restore: Script
  readonly abandon: Script
  readonly discard: Script
}

/** Ends what is given to a step. */
const end = 'b007b007-end'

/** How its second line begins, which goes on with the release and the digest; the third names the payload. */
export const programHead = '# clonedeploy boot 1'

/**
 * The program that brings a machine to a release, as its text lies in the store. It is run in `deployTo`, once its blanks are
 * filled, as `sh FILE needs` (0: it needs the payload) and `sh FILE run`. Around it: `clonedeploy_work`, a folder for what it
 * writes meanwhile; `clonedeploy_payload`, the file that was fetched; `clonedeploy_roles`, those of the machine;
 * `clonedeploy_tree`, what the hooks of the fleet have made (empty: not known). The last line on stderr says what failed; exit:
 * that of the script that did. What it swapped and could not confirm is put back, by itself or by the dead-man's switch.
 */
export function bootProgram(steps: ProgramSteps): string {
  const { release, digest, payload } = steps
  const head = [
    '#!/bin/sh',
    `${programHead} ${release} ${digest}`,
    `# payload ${payload.key} ${payload.sum} ${payload.size}`,
  ]
  const functions = Object.entries(scriptsOf(steps)).map(([name, script]) => functionOf(name, script))
  return [...head, preface(steps), ...functions, begin(steps), ...prepared(steps), ...served(steps), ''].join('\n')
}

function scriptsOf(steps: ProgramSteps): Readonly<Record<string, Script>> {
  const { lock, renew, verify, unpack, seal, links, arm, confirm, finish, restore, abandon, discard } = steps
  return {
    ...{ lock, renew, verify, unpack, seal_hooked: seal.hooked, seal_plain: seal.plain },
    ...{ links_absent: links.absent, links_other: links.other, links_same: links.same },
    ...{ arm_absent: arm.absent, arm_other: arm.other, arm_same: arm.same },
    ...{ confirm, finish, restore, abandon, discard },
    ...numbered('prepare', steps.prepare),
    ...numbered('restart', steps.restart),
    ...numbered('health', steps.health),
  }
}

function numbered(name: string, steps: readonly RoleStep[]): Readonly<Record<string, Script>> {
  return Object.fromEntries(steps.map(({ script }, i) => [`${name}_${i}`, script]))
}

function functionOf(name: string, script: Script): string {
  return `do_${name}() ${group(script)}`
}

function preface({ release, digest, secrets, tools }: ProgramSteps): string {
  return sh`unset CDPATH
holds() { [ -f ${paths.seal(release)} ] && [ -d ${paths.release(release)} ]; }
if [ "$1" = needs ]; then ! holds; exit; fi
W=$clonedeploy_work; mkdir -p "$W" || exit ${codes.folder}
locked= swapped= beat=
stop() {
  c=$1; shift
  if [ -n "$swapped" ]; then do_restore && do_abandon; elif [ -n "$locked" ]; then do_discard; fi </dev/null >/dev/null 2>&1
  [ -z "$beat" ] || kill "$beat" 2>/dev/null
  printf '%s\n' "$*" >&2
  exit "$c"
}
# Runs a step with the words before it as its name; its input is ours. What it leaves running holds none of our outputs.
step() {
  n=$1; shift
  rm -f "$W/out"
  ( exec >"$W/out" 2>&1; "$@" ) && { cat "$W/out"; return; }
  c=$?
  cat "$W/out" >&2
  l=$(grep -v '^ *$' "$W/out" | tail -n 1)
  stop "$c" "$n failed ($c)\${l:+: $l}"
}
role() { [ "$#" = 0 ] && return; for r in "$@"; do case " $clonedeploy_roles " in *" $r "*) return 0 ;; esac; done; return 1; }
now() { { read -r u _ </proc/uptime && echo "\${u%%.*}"; } 2>/dev/null || date +%s; }
until_well() {
  n=$1; e=$(( $(now) + $2 )); shift 2
  until "$@" >"$W/out" 2>&1; do
    [ "$(now)" -lt "$e" ] || { cat "$W/out" >&2; l=$(grep -v '^ *$' "$W/out" | tail -n 1); stop ${codes.hook} "$n is not well in time\${l:+: $l}"; }
    sleep 1
  done
}
for s in ${['', ...secrets]}; do
  [ -z "$s" ] || eval "[ -n \"\$$s\" ]" || stop ${codes.hook} "the secret $s is not known on this machine"
done
for t in ${['tar', ...tools]}; do command -v "$t" >/dev/null 2>&1 || stop ${codes.unpack} "there is no $t on this machine"; done
if [ -d ${paths.release(release)} ] && holds; then
  case $(sed 1q ${paths.seal(release)}) in *${`"digest":"${digest}"`}*) ;; *) stop ${codes.exists} ${`${release} is here, with other files`} ;; esac
fi
[ ! -e ${paths.bad(release)} ] || stop ${codes.notIntact} ${`${release} is marked as bad on this machine`}`.text
}

function begin({ release }: ProgramSteps): string {
  return sh`step 'the lock' do_lock </dev/null
locked=yes
( while sleep 5; do kill -0 "$$" 2>/dev/null || exit; do_renew; done ) </dev/null >/dev/null 2>&1 &
beat=$!
case $(readlink current) in
  '') [ ! -e current ] && [ ! -L current ] || stop ${codes.currentChanged} 'current is no link'; was=absent ;;
  ${paths.release(release)}) was=same ;;
  ${paths.release(blanks.old)}) was=other ;;
  *) stop ${codes.currentChanged} 'current was changed meanwhile' ;;
esac`.text
}

function prepared({ release, prepare }: ProgramSteps): readonly string[] {
  return [
    sh`if holds; then
step ${`the check of ${release}`} do_verify </dev/null
else
step 'unpacking' do_unpack <"$clonedeploy_payload"
rm -f "$clonedeploy_payload"
sealing=plain`.text,
    ...prepare.map((one, i) => inRole(one, `sealing=hooked\n${called('prepare', i, one)}`)),
    sh`step 'the seal' do_seal_$sealing </dev/null
t=$(sed -n 's/^tree //p' "$W/out")
[ -z "$clonedeploy_tree" ] || [ "$t" = "$clonedeploy_tree" ] || stop ${codes.notIntact} 'the prepare hooks have made other files than on the fleet'
fi`.text,
  ]
}

function served({ release, restart, health }: ProgramSteps): readonly string[] {
  return [
    sh`step 'making the links' do_links_$was </dev/null
swapped=yes
step 'the swap' do_arm_$was <<${end}
go ${new ShellText(blanks.tx)}
end
${new ShellText(end)}`.text,
    ...restart.map((one, i) => inRole(one, called('restart', i, one))),
    ...health.map((one, i) => inRole(one, asked(i, one))),
    sh`step 'the confirmation' do_confirm </dev/null
swapped=
step 'the record' do_finish </dev/null
kill "$beat" 2>/dev/null
echo ${`${release} is served`}
exit 0`.text,
  ]
}

function inRole({ roles }: RoleStep, text: string): string {
  return roles === null ? text : `if role ${sh`${[...roles]}`}; then\n${text}\nfi`
}

function called(name: string, i: number, { script, text }: RoleStep): string {
  return `step ${sh`${text}`} do_${name}_${i} ${inputOf(script)}`
}

/** Its input is given anew each time. */
function asked(i: number, { script, text, within }: HealthStep): string {
  return `ask_${i}() { do_health_${i} ${inputOf(script)}\n}\nuntil_well ${sh`${text}`} ${within} ask_${i}`
}

function inputOf({ input }: Script): string {
  const text = Buffer.concat(input).toString('utf8')
  if (text === '') return '</dev/null'
  if (text.split('\n').includes(end)) throw new TypeError(`an input with a line that is ${end}`)
  return `<<'${end}'\n${text}\n${end}`
}
