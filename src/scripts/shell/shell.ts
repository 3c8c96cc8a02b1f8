/** A value that cannot be written into a shell script. */
export class UnquotableError extends Error {
  override name = 'UnquotableError'
}

/** Shell text that is put into a script as it is. Only `sh` and `raw` make it. */
export class ShellText {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text
  }
}

type Value = string | number | ShellText | readonly (string | number | ShellText)[]

/** Shell text with every value quoted; lists become words. The only way that a value reaches a script. */
export function sh(strings: TemplateStringsArray, ...values: readonly Value[]): ShellText {
  const parts = strings.raw.map((part, i) => plain(part) + (i < values.length ? word(values[i] as Value) : ''))
  return new ShellText(parts.join(''))
}

/** One shell word that stands for exactly `value` in every POSIX shell. NUL is refused. */
export function quote(value: string): string {
  if (value.includes('\0')) throw new UnquotableError('a NUL byte cannot be written into a shell script')
  return `'${value.replaceAll("'", `'\\''`)}'`
}

/** The same in a command that a person types: as it is, where every shell takes it for one word. */
export function typed(value: string): string {
  return /^[\w./~+@-]+$/.test(value) ? value : quote(value)
}

/** Template text as the shell shall see it: backslashes stand, but for those that keep `${` and a backquote from TypeScript. Lines of comment stay here. */
function plain(part: string): string {
  return part
    .replaceAll(/\n *# .*(?=\n)/g, '')
    .replaceAll('\\${', '${')
    .replaceAll('\\`', '`')
}

function word(value: Value): string {
  if (value instanceof ShellText) return value.text
  if (Array.isArray(value)) return value.map(word).join(' ')
  return quote(String(value))
}

/**
 * A deed on one host: POSIX sh text, run by a `Connection` in a subshell of /bin/sh, or in that shell itself where it is `contained`.
 * Exit codes are its language (see codes.ts); `input` is what it reads on stdin, piece by piece, never shown in a log.
 */
export class Script {
  readonly input: readonly Uint8Array[]

  constructor(
    readonly name: string,
    readonly text: string,
    input: Uint8Array | readonly Uint8Array[] = [],
    /** Whether its text leaves the shell that runs it as it is (no exit, no `cd`): then it needs no subshell. */
    readonly contained = false,
  ) {
    this.input = input instanceof Uint8Array ? [input] : input
  }

  /** Bytes of the input. */
  get size(): number {
    return this.input.reduce((sum, { length }) => sum + length, 0)
  }
}

/** Makes a Script of parts, one after the other, in one shell. */
export function script(
  name: string,
  parts: readonly (ShellText | string)[],
  input?: Uint8Array | readonly Uint8Array[],
): Script {
  return new Script(name, parts.map(String).join('\n'), input)
}

const mark = '@whole'

/** Ends an answer of which nothing may be missing: what is left out of it would read as "there is none". */
export const whole = sh`echo ${mark}`

/** Whether the answer came to its end. */
export function isWhole(stdout: { toString(encoding: 'latin1'): string }): boolean {
  return stdout.toString('latin1').split('\n').includes(mark)
}
