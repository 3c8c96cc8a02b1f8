import { keepEnd } from '../commands/invocation/keep-end.js'
import { Refusal } from '../errors.js'
import type { Output } from '../render/output.js'
import { createPaint } from '../render/paint.js'
import { defused, errorCommand } from '../render/progress/github.js'
import { bugText, refusalSentence, refusalText, refusedLine, writeRefused } from '../render/refusal.js'
import { type BrokenAbout, type BrokenEnd, brokenEnd, isTransaction } from '../render/reports/broken-end.js'
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
  readonly warnings: readonly string[]
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
    return end(brokenEnd(error, aboutOf(telling)), output, telling)
  }
  const ended = brokenEnd(error, aboutOf(telling))
  output.aside(safe(refusalText(ended.told, paint)))
  return end(ended, output, telling)
}

function aboutOf({ command, stage, argv, code, propose, warnings }: Telling): BrokenAbout {
  const asked = command === '' ? (argv.find(word => !word.startsWith('-')) ?? '') : command
  return { command: asked, stage, code, propose, warnings }
}

/** Every end is told to whoever waits for it: the reader of a stream, the steps that follow in a workflow. */
function end({ told, report }: BrokenEnd, output: Output, telling: Telling): number {
  const { json, env, argv, keep } = telling
  const inGithub = env.GITHUB_ACTIONS === 'true'
  if (inGithub) output.stderr(`${errorCommand('clonedeploy', refusalSentence(told))}\n`)
  const streams = kindOf(argv, env) === 'jsonl'
  const wanted = json || argv.includes('--json')
  if (wanted && !streams) output.stdout(`${JSON.stringify(report)}\n`)
  if (streams && isTransaction(report.command)) output.stdout(refusedLine(report, new Date()))
  const unwritten = [...keepEnd(report, keep, env), ...(inGithub ? writeRefused(report, env) : [])]
  for (const text of unwritten) output.stderr(`! ${text}\n`)
  return report.exitCode
}

/** How progress was to be shown, whether the command line was understood or not. */
function kindOf(argv: readonly string[], env: Telling['env']): string | undefined {
  const at = argv.indexOf('--output')
  const written = argv.find(word => word.startsWith('--output='))?.slice('--output='.length)
  return written ?? (at < 0 ? env.CLONEDEPLOY_OUTPUT : argv[at + 1])
}
