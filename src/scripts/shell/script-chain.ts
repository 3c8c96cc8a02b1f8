import { quote, Script, type ShellText, sh } from './shell.js'

/** The beginning of a chain's last line when a script of it fails; the script's name follows. */
const stopped = '@stopped at '

/**
 * Several scripts as one, named after them, for one round trip: each runs in a shell of its own, and only when the one before ended with 0.
 * The exit code is that of the first one that did not; the last line on stdout then names it (see `stoppedAt`).
 */
export function chain(scripts: readonly Script[]): Script {
  // What comes is the input of the only one that has any.
  const alone = scripts.filter(({ size }) => size > 0).length === 1
  const run = (one: Script) => (alone && one.size > 0 ? group(one) : fed(one))
  const links = scripts.map(
    one => `{ ${run(one)} || { c=$?; printf '\\n%s\\n' ${quote(stopped + one.name)}; ( exit $c ); }; }`,
  )
  return new Script(
    scripts.map(({ name }) => name).join(', '),
    links.join(' &&\n'),
    scripts.flatMap(({ input }) => input),
    true,
  )
}

/** Which script of a chain failed; null when none did, or it cannot be known. */
export function stoppedAt(stdout: Buffer): string | null {
  const line = stdout.toString('latin1').trimEnd().split('\n').at(-1) ?? ''
  return line.startsWith(stopped) ? line.slice(stopped.length) : null
}

/** What the scripts of a chain printed. */
export function withoutStop(stdout: Buffer): Buffer {
  const at = stdout.lastIndexOf(`\n${stopped}`)
  return at < 0 ? stdout : stdout.subarray(0, at)
}

/** Shell text that runs a script with its own input and nothing else on stdin; what it leaves of it unread is drained. */
export function fed(script: Script): string {
  if (script.size === 0) return `${group(script)} </dev/null`
  return `${exactly(script.size)} | (\n${group(script)}\nc=$?\nIFS= read -r l && cat >/dev/null\nexit $c\n)`
}

/**
 * Shell text that runs a script and leaves the shell as it is: a compound command. The `:` is for an empty script, the
 * newline before the end for one that ends in a comment or a here-document.
 */
export function group(script: Script): string {
  return script.contained ? `{\n${script.text}\n}` : `(\n:\n${script.text}\n)`
}

/** What `dd` takes at once: as much as a pipe holds. */
const block = 65_536

/**
 * Shell text that copies exactly so many bytes of its stdin, and leaves the rest of it to whoever reads next: `head -c` of
 * busybox reads ahead and loses what it has no use for.
 */
export function exactly(bytes: number): ShellText {
  const blocks = Math.floor(bytes / block)
  const rest = bytes % block
  if (blocks === 0) return sh`dd bs=${rest} count=1 iflag=fullblock 2>/dev/null`
  if (rest === 0) return sh`dd bs=${block} count=${blocks} iflag=fullblock 2>/dev/null`
  return sh`{ dd bs=${block} count=${blocks} iflag=fullblock && dd bs=${rest} count=1 iflag=fullblock; } 2>/dev/null`
}
