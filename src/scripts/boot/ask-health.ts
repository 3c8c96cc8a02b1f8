import { exports, type Variables } from '../shell/hook.js'
import { type Script, ShellText, script, sh } from '../shell/shell.js'

/** One question to the app of the machine that asks. */
export interface Question {
  /** Shell text that comes to the address. */
  readonly url: ShellText
  /** Seconds. */
  readonly timeout: number
  readonly variables: Variables
}

/** What the answer has to be. */
export interface Expected {
  readonly status: number
  readonly contains: string | null
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly release: 'body' | { readonly header: string } | null
  /** One of them has to be where the answer names its release. */
  readonly proofs: readonly string[]
}

/**
 * Asks by curl what a deploy asks through its connection: without proxy, redirect, or a look at the certificate. Needs a
 * folder `$clonedeploy_work`. Exit: 1, after a line that says what was wrong.
 */
export function askHttp(question: Question, { status, contains, headers, release, proofs }: Expected): Script {
  const named = Object.entries(headers)
  return script(
    'health',
    [
      entry,
      sh`${curl(question, sh`-o "$clonedeploy_work/body" -D "$clonedeploy_work/head" -w '%{http_code}'`)} || exit 1
[ "$clonedeploy_said" = ${status} ] || { echo "it answered $clonedeploy_said"; exit 1; }
clonedeploy_body=$(head -c 65536 "$clonedeploy_work/body" | tr -d '\000')
header() {
  tr -d '\015' <"$clonedeploy_work/head" | while IFS= read -r l; do
    [ "$(printf %s "\${l%%:*}" | tr A-Z a-z)" != "$1" ] || printf '%s\n' "\${l#*:}"
  done
}`,
      ...(contains === null ? [] : [hasOne(body, [contains], 'the body of its answer lacks a text')]),
      ...named.map(([name, value]) => hasOne(header(name), [value], `its answer has another ${name}, or none`)),
      ...(release === null ? [] : [hasOne(placeOf(release), proofs, 'its answer does not name the release')]),
    ],
    exports(question.variables),
  )
}

/** Asks whether it takes connections. */
export function askTcp(question: Question): Script {
  return script(
    'health',
    [
      entry,
      curl(question, sh`-w '%{time_connect}'`),
      sh`case $clonedeploy_said in *[1-9]*) ;; *) echo 'it takes no connections'; exit 1 ;; esac`,
    ],
    exports(question.variables),
  )
}

const entry = sh`eval "$(cat)"; LC_ALL=C; export LC_ALL`

/** An address may hold a secret: it is in no list of processes. */
function curl({ url, timeout }: Question, more: ShellText): ShellText {
  const patience = ['--connect-timeout', timeout, '--max-time', timeout]
  return sh`clonedeploy_said=$(printf 'url = "%s"\n' ${url} | curl -q -sSgk --noproxy '*' -A clonedeploy ${patience} ${more} -K -)`
}

const body = sh`"$clonedeploy_body"`

function header(name: string): ShellText {
  return sh`"$(header ${name.toLowerCase()})"`
}

function placeOf(release: NonNullable<Expected['release']>): ShellText {
  return release === 'body' ? body : header(release.header)
}

function hasOne(place: ShellText, texts: readonly string[], otherwise: string): ShellText {
  const patterns = new ShellText(texts.map(text => sh`*${text}*`.text).join('|'))
  return sh`case ${place} in ${patterns}) ;; *) echo ${otherwise}; exit 1 ;; esac`
}
