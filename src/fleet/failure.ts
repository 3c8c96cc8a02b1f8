import type { RunResult } from '../connection/connection.js'
import { codes } from '../scripts/shell/codes.js'
import { escapeLine } from '../text/escape.js'
import type { HostFailure, Phase } from './outcome.js'
import { fitting, holderRecord } from './read/records.js'

interface Attempt {
  readonly phase: Phase
  readonly step: string
  /** What the step does, in the user's words: a hook's command. */
  readonly text: string
  readonly timeout: number
}

/** Puts into words how a script failed. Only `code === 0` is success; what cannot be known is said to be unknown. */
export function failureOf(attempt: Attempt, result: RunResult): HostFailure {
  const { phase, step } = attempt
  const output = result.code === codes.sameFolder ? [] : lastLines(result)
  return { phase, step, ...words(attempt, result), output }
}

function words(attempt: Attempt, result: RunResult): { readonly message: string; readonly hint: string | null } {
  const said = lastLines(result, 'stdout').at(-1) ?? ''
  if (result.code === null) {
    const why = result.signal === null ? (result.lost?.message ?? 'connection lost') : `killed by ${result.signal}`
    return say(`${why}; what it did is unknown until the host is read again`)
  }
  switch (result.code) {
    case codes.hook:
      return hookWords(attempt, result)
    case codes.locked:
      return say('the lock is held by somebody else')
    case codes.releaseMissing:
      return say('the release is not on the host any more')
    case codes.linkedFileMissing:
      return say(`shared/${said} does not exist`, `create it on the host: the config's shared.files names it`)
    case codes.currentChanged:
      return say('current was changed by somebody else while we were at work')
    case codes.fenced:
      return say('the lock was lost: another run has taken over, so nothing more is changed here', 'clonedeploy status')
    case codes.sameFolder:
      return sameFolder(result)
    case codes.notIntact:
      return say(`not byte for byte as it was made: ${said || 'a file could not be read'}`)
    case codes.late:
      return say('the word to swap came too late and was refused')
    case codes.decided:
      return say('the host has already decided the other way')
    case codes.rename:
      return say('a rename in the deploy folder was refused', 'is the folder writable, and not mounted read-only?')
    case codes.unresolved:
      return say('an earlier run left a swap in doubt here')
    case codes.busy:
      return say(
        'a restart that an earlier run began here still goes on, and could not be ended',
        'wait until it has come to its end, or end it on the host as the user that runs it',
      )
    case codes.exists:
      return say('a release of this name is already there')
    case codes.unpack:
      return unpackWords(result)
    case codes.relay:
      return say(lastLines(result, 'stderr').at(-1)?.trimEnd() ?? 'it did not say why')
    case codes.folder:
      return say(`the deploy folder cannot be used${reasonOf(result)}`)
    default:
      return say(`${attempt.step} ended with exit code ${result.code}${reasonOf(result)}`)
  }
}

function unpackWords(result: RunResult) {
  const text = lastLines(result, 'stderr').join('\n')
  const full = fullWords.find(([said]) => said.test(text))?.[1]
  return full === undefined
    ? say(`the files could not be written${reasonOf(result)}`)
    : say(`${full}: the files could not be written`, 'make room: clonedeploy prune --keep 1')
}

const fullWords = [
  [/no space left on device/i, 'the disk is full'],
  [/disk quota exceeded/i, "the login's disk quota is used up"],
] as const

/** Who was there first, and where. */
function sameFolder(result: RunResult) {
  const [record = '', folder = ''] = lastLines(result, 'stdout')
  const host = fitting(holderRecord, record)?.host ?? 'another host of the inventory'
  return say(
    `${folder} is also the folder of ${host}: a machine that has two names, or a file system that two machines share`,
    'list the machine once, or give each a deployTo of its own',
  )
}

function hookWords(attempt: Attempt, result: RunResult): { readonly message: string; readonly hint: string | null } {
  const code = Number(/exit (\d+)\s*$/.exec(result.stdout.toString('latin1'))?.[1] ?? Number.NaN)
  const command = `\`${attempt.text}\``
  if (result.ms >= attempt.timeout - 15_000 && (code === 124 || code === 137 || code === 143)) {
    return say(
      `${command} was ended after ${Math.round((attempt.timeout - 15_000) / 1000)} s: it takes longer than its timeout`,
    )
  }
  if (code === 137) return say(`${command} was killed by SIGKILL (out of memory?)`)
  if (code > 128) return say(`${command} was killed by signal ${code - 128}`)
  if (code === 127)
    return say(
      `${command}: command not found`,
      'the PATH is that of a non-interactive login; name the program by its full path',
    )
  if (code === 126) return say(`${command} cannot be executed`, executableHint(attempt.text, result))
  return say(`${command} failed with exit code ${code}`)
}

/** For a file of the release that the command names, and the shell complains of. */
function executableHint(command: string, result: RunResult): string | null {
  const said = lastLines(result).map(line => line.toLowerCase())
  const paths = command.split(/[\s;&|()]+/).filter(word => /^[\w.][\w./-]*\/[\w./-]+$/.test(word))
  const file = paths
    .find(path => said.some(line => line.endsWith(`${path}: permission denied`.toLowerCase())))
    ?.replace(/^\.\//, '')
  return file === undefined ? null : `chmod +x ${file}, which git records by: git update-index --chmod=+x ${file}`
}

function say(message: string, hint: string | null = null): { readonly message: string; readonly hint: string | null } {
  return { message, hint }
}

/** `: No space left on device`, or nothing. */
export function reasonOf(result: RunResult): string {
  const line = lastLines(result, 'stderr').at(-1)
  return line ? `: ${line.replace(/^\S*sh: (\d+: |line \d+: )?/, '')}` : ''
}

/** The last 20 lines that a command printed, fit to be shown, without our own last word. */
function lastLines(result: RunResult, stream?: 'stdout' | 'stderr'): readonly string[] {
  const text =
    stream === undefined
      ? `${result.stdout.toString('utf8')}\n${result.stderr.toString('utf8')}`
      : result[stream].toString('utf8')
  return text
    .split('\n')
    .filter(line => line.trim() !== '' && !/^exit \d+$/.test(line))
    .slice(-20)
    .map(line => escapeLine(line))
}
