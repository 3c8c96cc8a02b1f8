import { ShellText } from '../shell/shell.js'

/**
 * What a program for clones leaves open, and each machine fills in before it runs it: texts that stand for nothing else in a
 * path, an id or a record. So the scripts of a deploy are written out where a release is deployed, and run where nobody
 * deploys.
 */
export const blanks = {
  tx: 'b007'.repeat(11),
  root: '/b007b007-root',
  host: 'b007b007-host',
  at: 'b007b007-at',
  /** The name of the release that is served before; where there is none, nothing with it is run. */
  old: 'b007b007-old',
  /** The same as the value of a variable: empty where there is none. */
  previous: 'b007b007-before',
} as const

const fillings = Object.entries(blanks).map(([name, blank]) => `-e "s,${blank},$${name},g"`)

/** `fill FILE`: prints a program with `$tx`, `$root`, `$host`, `$at`, `$old` and `$previous`, which have no comma, `&` or backslash. */
export const fillFunction = new ShellText(`fill() { sed ${fillings.join(' ')} "$1"; }`)
