import { codes } from '../shell/codes.js'
import { type ShellText, sh } from '../shell/shell.js'

/** The payload as it has to be when it is here: sha256 (hex) and bytes. */
export interface Expected {
  readonly sum: string
  readonly size: number
}

interface Fetching {
  /** The program that prints the payload, and for people. */
  readonly command: ShellText
  readonly program: string
  /** Where its stdin comes from: a redirection. */
  readonly input: ShellText
  /** What is run when it has ended, however it did. */
  readonly cleanUp?: ShellText
}

/**
 * Shell text that brings a payload from elsewhere to the end of `$I/payload` (a login shell may have said something before),
 * and ends the script (exit relay) unless it is the one that was made here: nothing of what comes is looked at before, no
 * more of it kept than that takes, and for no longer than a minute waited for the next byte. Prints `fetched BYTES` every
 * 5 s, so that whoever waits for this host hears that it is at work.
 */
export function receive({ sum, size }: Expected, { command, program, input, cleanUp = sh`` }: Fetching): ShellText {
  return sh`( ulimit -f ${Math.ceil(size / 512) + 128}; exec ${command} ) ${input} >"$I/payload" 2>"$I/why" & p=$!
( b=; n=0
  while sleep 5 >/dev/null && kill -0 "$p"; do
    s=$(wc -c <"$I/payload"); s=$((s+0)); n=$((n+1)); [ "$s" = "$b" ] || n=0; b=$s
    echo "fetched $s"
    [ "$n" -lt 12 ] || { echo 'nothing came for a minute' >"$I/why"; kill "$p"; }
  done ) </dev/null 2>/dev/null & w=$!
wait "$p"; c=$?; kill "$w"; ${cleanUp}
[ "$c" = 0 ] || { { tail -n 1 "$I/why" | grep . || echo ${`${program} ended with exit code`} "$c"; } >&2; exit ${codes.relay}; }
[ "$(tail -c ${size} "$I/payload" | sha256sum)" = ${`${sum}  -`} ] || { echo 'what it handed on is not what was sent' >&2; exit ${codes.relay}; }
`
}
