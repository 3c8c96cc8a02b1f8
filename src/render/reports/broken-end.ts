import { Refusal } from '../../errors.js'
import type { Propose } from '../../text/propose-command.js'
import { refusalSentence, type Told } from '../refusal.js'

/** What is known of a command that did not get to an outcome. */
export interface BrokenAbout {
  readonly command: string
  /** null: it was not known yet. */
  readonly stage: string | null
  /** Exit code in place of the error's own; null: its own. */
  readonly code: 130 | 143 | null
  readonly propose: Propose
  /** What was told before, and may have to do with it. */
  readonly warnings: readonly string[]
}

/** The end of such a command: for people, and as its JSON says it. */
export interface BrokenEnd {
  readonly told: Told
  readonly report: ReturnType<typeof refusalJson>
}

/** What is no refusal is a bug of ours. */
export function brokenEnd(error: unknown, { command, stage, code, propose, warnings }: BrokenAbout): BrokenEnd {
  const about = { command, stage, warnings }
  if (!(error instanceof Refusal)) {
    const told = bug(error, propose)
    return { told, report: refusalJson({ ...about, code: 'bug' }, told, 1) }
  }
  const told = complete(error, propose)
  const exitCode = code ?? error.exitCode
  return { told, report: refusalJson({ ...about, code: codeOf(error, exitCode) }, told, exitCode) }
}

export function isTransaction(command: string): boolean {
  return transactions.has(command)
}

function bug(error: unknown, propose: Propose): Told {
  const message = error instanceof Error ? error.message : String(error)
  return {
    message: `a bug of clonedeploy: ${message}`,
    details: [],
    next: [propose('look: clonedeploy status')],
    changed: null,
  }
}

function complete({ message, details, next, changed }: Refusal, propose: Propose): Told {
  return { message: propose(message), details: details.map(propose), next: next.map(propose), changed }
}

const transactions = new Set(['deploy', 'promote', 'rollback', 'restart', 'repair', 'join'])

const kinds: Readonly<Record<number, string>> = {
  2: 'usage',
  3: 'preflight',
  4: 'locked',
  5: 'put-back',
  6: 'mixed',
  130: 'interrupted',
  143: 'interrupted',
}

/** What kind of error it is, for programs. */
function codeOf({ name }: Refusal, exitCode: number): string {
  if (name === 'Interrupted') return 'interrupted'
  return name === 'ConfigError' || name === 'NoConfigError' ? 'config' : (kinds[exitCode] ?? 'bug')
}

/** What came of a command that did not get to an outcome; of a transaction, with the keys that its outcome has. */
function refusalJson(
  { command, stage, code, warnings }: Pick<BrokenAbout, 'command' | 'stage' | 'warnings'> & { readonly code: string },
  error: Told,
  exitCode: number,
) {
  const about = {
    v: 1,
    command,
    result: exitCode === 6 || exitCode === 1 ? 'mixed' : exitCode === 5 ? 'put-back' : 'aborted',
    exitCode,
    stage,
    error: { code, message: refusalSentence(error), hint: error.next[0] ?? null, changed: error.changed },
    reason: refusalSentence(error),
    changed: error.changed,
    details: error.details,
    next: error.next,
    warnings,
  }
  if (!isTransaction(command)) return about
  return {
    ...about,
    release: null,
    previous: null,
    digest: null,
    seconds: 0,
    bytes: 0,
    swapWindowMs: null,
    switchWindowMs: null,
    hosts: [],
  }
}
