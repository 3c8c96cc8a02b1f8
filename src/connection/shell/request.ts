import { randomBytes } from 'node:crypto'
import { fed, group } from '../../scripts/shell/chain.js'
import { quote, type Script } from '../../scripts/shell/shell.js'

/** The lines that a host prints around a script's output. Fresh for every request, so that no output can hold them. */
export interface Marks {
  readonly begin: string
  /** Followed by a space, the exit code and a newline. */
  readonly end: string
}

export function freshNonce(): string {
  return randomBytes(16).toString('hex')
}

export function freshMarks(): Marks {
  const nonce = freshNonce()
  return { begin: `@:${nonce}:begin`, end: `@:${nonce}:end` }
}

/** Shell text that names the marks for `requestText`. */
export function marksText({ begin, end }: Marks): string {
  return `clonedeploy_begin='${begin}' clonedeploy_end='${end}'\n`
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
 * Shell text that runs a script, marked on both streams; the same for all hosts and runs of it. Statements are on lines of
 * their own: a shell that trips over a syntax error in the script has printed the first marks by then.
 */
export function requestText(script: Script, stdin: 'input' | 'channel', kept: ReadonlyMap<string, string>): string {
  return [
    `printf '%s\\n' "$clonedeploy_begin"`,
    `printf '%s\\n' "$clonedeploy_begin" >&2`,
    runText(script, stdin, kept),
    'c=$?',
    `printf '%s %s\\n' "$clonedeploy_end" $c`,
    `printf '%s %s\\n' "$clonedeploy_end" $c >&2`,
  ].join('\n')
}

function runText(script: Script, stdin: 'input' | 'channel', kept: ReadonlyMap<string, string>): string {
  const name = script.size === 0 ? kept.get(group(script)) : undefined
  if (name === undefined) return stdin === 'channel' ? group(script) : fed(script)
  return stdin === 'channel' ? `eval "$${name}"` : `eval "$${name}" </dev/null`
}
