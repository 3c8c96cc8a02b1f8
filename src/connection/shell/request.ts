import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { fed, group } from '../../scripts/shell/script-chain.js'
import { quote, type Script } from '../../scripts/shell/shell.js'

/** The lines that a host prints around a script's output. Fresh for every request, so that no output can hold them. */
export interface Marks {
  readonly nonce: string
  readonly begin: string
  /** Followed by a space, the exit code and a newline. */
  readonly end: string
}

export function freshNonce(): string {
  return randomBytes(16).toString('hex')
}

export function freshMarks(): Marks {
  const nonce = freshNonce()
  return { nonce, begin: `@:${nonce}:begin`, end: `@:${nonce}:end` }
}

/** Shell text that prints the first marks. */
export function marksText({ nonce }: Marks): string {
  return `clonedeploy_begin ${nonce}\n`
}

/** Shell text by which the shell keeps the texts of these scripts; those that it keeps are noted in `kept`. */
export function keepText(scripts: readonly Script[], kept: Map<string, string>): string {
  const added = scripts.map(group).filter(text => !kept.has(text))
  return added
    .map(text => {
      const name = `clonedeploy_${kept.size}`
      kept.set(text, name)
      return `${name}=${quote(text)}\n`
    })
    .join('')
}

/**
 * Shell text that runs a script, and prints the last marks; the same for all hosts and runs of it. Statements are on lines of
 * their own: a shell that trips over a syntax error in the script has printed the first marks by then.
 */
export function requestText(script: Script, stdin: 'input' | 'channel', kept: ReadonlyMap<string, string>): string {
  return `${runText(script, stdin, kept)}\nclonedeploy_end $?`
}

function runText(script: Script, stdin: 'input' | 'channel', kept: ReadonlyMap<string, string>): string {
  const name = script.size === 0 ? kept.get(group(script)) : undefined
  if (name === undefined) return stdin === 'channel' ? group(script) : fed(script)
  return stdin === 'channel' ? `eval "$${name}"` : `eval "$${name}" </dev/null`
}

/**
 * The one command that runs on every channel: a loop that evaluates the lines which begin with the nonce (where a colon
 * and a number come after it, so many gzipped bytes behind the line) and ignores all others, so that stray bytes are never
 * run. It reads alike in bash, dash, zsh, fish and csh, whichever of them the login shell is: single quotes, no `!`, no
 * backslash, no newline. Nothing of a script is ever on a command line. It undoes what a host's environment sets for every bash:
 * TMOUT would end a `read` that waits, and SHELLOPTS may forbid what scripts do (noclobber).
 * Its two functions print the marks of a request on both streams. `first`, of the same kind of text, runs before the loop.
 */
export function bootstrap(nonce: string, first = ''): string {
  const marks =
    'clonedeploy_begin() { clonedeploy_mark=@:$1; echo $clonedeploy_mark:begin; echo $clonedeploy_mark:begin >&2; }; clonedeploy_end() { echo $clonedeploy_mark:end $1; echo $clonedeploy_mark:end $1 >&2; };'
  return `exec /bin/sh -c 'unset l c TMOUT; set +Cefu; ${marks} ${first}while IFS= read -r l; do case $l in ${nonce}" "*) eval "$(printf %b "$\{l#* }")";; ${nonce}:*) eval "$(dd bs="$\{l#*:}" count=1 iflag=fullblock 2>/dev/null | gzip -dc)";; esac; done'`
}

/** A line for that loop: `head` and `text`. What went before it on the channel, if it was not ended by a newline, is ended by ours. */
export function requestLine(nonce: string, head: string, text: string): string {
  return `\n${nonce} ${encode(head + text)}\n`
}

/** A script that goes with the command of a channel, and is answered when the channel is open: a round trip less. */
export function firstText(script: Script, marks: Marks): string {
  return `${marksText(marks).trimEnd()}; ${script.text}; clonedeploy_end $?; `
}

/**
 * Ends a shell that a start-up file put in the place of our command (`exec sh`): it would wait for input, as we wait for it.
 * Our loop passes over a line without its nonce.
 */
export const LEAVE = 'exit\n'

/** From so many characters on, unzipping costs a host less than the bytes cost the way there. */
const LONG = 1500

/**
 * The same, as small as it gets: long text follows its line gzipped, `head` as a member of its own. For hosts that have
 * `gzip` and a `dd` that reads exactly, and channels whose every byte before it is read.
 */
export function zippedRequest(nonce: string, head: string, text: string): Uint8Array {
  if (text.length < LONG) return Buffer.from(requestLine(nonce, head, text), 'latin1')
  const zipped = Buffer.concat([gzipSync(head, { level: 0, memLevel: 1, windowBits: 9 }), zip(text)])
  return Buffer.concat([Buffer.from(`\n${nonce}:${zipped.length}\n`, 'latin1'), zipped])
}

/** The hosts of a fleet are sent the same scripts. */
function zip(text: string): Buffer {
  const known = zippedTexts.get(text)
  if (known !== undefined) return known
  const zipped = gzipSync(text, { level: 9 })
  if (zippedTexts.size >= mostZipped) zippedTexts.clear()
  zippedTexts.set(text, zipped)
  return zipped
}

const mostZipped = 100
const zippedTexts = new Map<string, Buffer>()

/** Text in printable ASCII, as `printf %b` reads it: shells take some other bytes for their own use. */
function encode(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return bytes
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replace(/[^\x20-\x7e]/g, byte => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
