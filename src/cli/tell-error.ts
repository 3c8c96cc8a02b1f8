import { Refusal } from '../errors.js'
import type { Output } from '../render/output.js'
import { createPaint } from '../render/paint.js'
import { defused, errorCommand } from '../render/progress/github.js'
import {
  append,
  bugText,
  refusalSentence,
  refusalText,
  refusedLine,
  type Told,
  writeRefused,
} from '../render/refusal.js'
import { escapeLine } from '../text/escape.js'
import type { Propose } from '../text/propose-command.js'

export interface Telling {
  readonly command: string
  /** null: it was not known yet. */
  readonly stage: string | null
  readonly json: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Exit code in place of the error's own; null: its own. */
  readonly code: 130 | 143 | null
  readonly propose: Propose
  /** What was typed, for when it was not understood. */
  readonly argv: readonly string[]
  /** Keeps the end beside the events of the run. */
  readonly keep: (end: object) => void
}

/** Says why a command did not get to an outcome, and gives its exit code. */
export async function tellError(error: unknown, output: Output, telling: Telling): Promise<number> {
  const paint = await createPaint(output.terminal.stderr.level)
  const inGithub = telling.env.GITHUB_ACTIONS === 'true'
  const safe = (text: string) => (inGithub ? defused(text) : text)
  if (!(error instanceof Refusal)) {
    const about = { version: telling.version, node: process.version, tracker: null, log: null }
    output.aside(safe(bugText(error, paint, { ...about, propose: telling.propose })))
    return end(bug(error, telling.propose), 'bug', 1, output, telling)
  }
  const refused = complete(error, telling.propose)
  output.aside(safe(refusalText(refused, paint)))
  const exitCode = telling.code ?? error.exitCode
  return end(refused, codeOf(error, exitCode), exitCode, output, telling)
}

/** Every end is told to whoever waits for it: the reader of a stream, the steps that follow in a workflow. */
function end(told: Told, kind: string, code: number, output: Output, telling: Telling): number {
  const { command, stage, json, env, argv, keep } = telling
  const inGithub = env.GITHUB_ACTIONS === 'true'
  const asked = command === '' ? (argv.find(word => !word.startsWith('-')) ?? '') : command
  const report = refusalJson({ command: asked, stage, code: kind }, told, code)
  if (inGithub) output.stderr(`${errorCommand('clonedeploy', refusalSentence(told))}\n`)
  const streams = kindOf(argv, env) === 'jsonl'
  const wanted = json || argv.includes('--json')
  if (wanted && !streams) output.stdout(`${JSON.stringify(report)}\n`)
  const line = transactions.has(asked) ? refusedLine(report, new Date()) : ''
  if (streams) output.stdout(line)
  const file = line === '' ? undefined : env.CLONEDEPLOY_OUTPUT_FILE
  const unwritten = [
    ...kept(keep, report),
    ...(file ? append(file, line) : []),
    ...(inGithub ? writeRefused(report, env) : []),
  ]
  for (const text of unwritten) output.stderr(`! ${text}\n`)
  return code
}

/** What cannot be kept is told, and changes nothing. */
function kept(keep: Telling['keep'], report: object): readonly string[] {
  try {
    keep(report)
    return []
  } catch (error) {
    return [`the end of this run is not kept for \`clonedeploy report\`: ${escapeLine(String(error), 300)}`]
  }
}

/** How progress was to be shown, whether the command line was understood or not. */
function kindOf(argv: readonly string[], env: Telling['env']): string | undefined {
  const at = argv.indexOf('--output')
  const written = argv.find(word => word.startsWith('--output='))?.slice('--output='.length)
  return written ?? (at < 0 ? env.CLONEDEPLOY_OUTPUT : argv[at + 1])
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
  { command, stage, code }: { readonly command: string; readonly stage: string | null; readonly code: string },
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
  }
  if (!transactions.has(command)) return about
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
