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
import type { Propose } from '../text/propose-command.js'

export interface Telling {
  readonly command: string
  readonly json: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Exit code in place of the error's own; null: its own. */
  readonly code: 130 | 143 | null
  readonly propose: Propose
  /** What was typed, for when it was not understood. */
  readonly argv: readonly string[]
}

/** Says why a command did not get to an outcome, and gives its exit code. */
export async function tellError(error: unknown, output: Output, telling: Telling): Promise<number> {
  const paint = await createPaint(output.terminal.stderr.level)
  const inGithub = telling.env.GITHUB_ACTIONS === 'true'
  const safe = (text: string) => (inGithub ? defused(text) : text)
  if (!(error instanceof Refusal)) {
    const about = { version: telling.version, node: process.version, tracker: null, log: null }
    output.stderr(safe(bugText(error, paint, { ...about, propose: telling.propose })))
    return end(bug(error, telling.propose), 1, output, telling)
  }
  const refused = complete(error, telling.propose)
  output.stderr(safe(refusalText(refused, paint)))
  return end(refused, telling.code ?? error.exitCode, output, telling)
}

/** Every end is told to whoever waits for it: the reader of a stream, the steps that follow in a workflow. */
function end(told: Told, code: number, output: Output, { command, json, env, argv }: Telling): number {
  const inGithub = env.GITHUB_ACTIONS === 'true'
  const asked = command === '' ? (argv.find(word => !word.startsWith('-')) ?? '') : command
  const report = refusalJson(asked, told, code)
  if (inGithub) output.stderr(`${errorCommand('clonedeploy', refusalSentence(told))}\n`)
  const streams = kindOf(argv, env) === 'jsonl'
  const wanted = json || argv.includes('--json')
  if (wanted && !streams) output.stdout(`${JSON.stringify(report)}\n`)
  if (!('result' in report)) return code
  const line = refusedLine(report, new Date())
  if (streams) output.stdout(line)
  const file = env.CLONEDEPLOY_OUTPUT_FILE
  const unwritten = [...(file ? append(file, line) : []), ...(inGithub ? writeRefused(report, env) : [])]
  for (const text of unwritten) output.stderr(`! ${text}\n`)
  return code
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

const transactions = new Set(['deploy', 'rollback', 'restart', 'repair', 'join'])

/** The command's JSON when it changed nothing; of commands that are no transaction, the error alone. */
function refusalJson(command: string, error: Told, exitCode: number) {
  const about = {
    v: 1,
    command,
    exitCode,
    reason: refusalSentence(error),
    changed: error.changed,
    details: error.details,
    next: error.next,
  }
  if (!transactions.has(command)) return about
  return {
    ...about,
    result: exitCode === 6 || exitCode === 1 ? 'mixed' : 'aborted',
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
