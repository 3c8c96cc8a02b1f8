import { Refusal } from '../errors.js'
import { defused, errorCommand } from '../render/github-commands.js'
import type { Output } from '../render/output.js'
import { createPaint } from '../render/paint.js'
import { bugText, refusalText } from '../render/refusal.js'
import type { Propose } from '../text/propose.js'

export interface Telling {
  readonly command: string
  readonly json: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Exit code in place of the error's own; null: its own. */
  readonly code: 130 | 143 | null
  readonly propose: Propose
}

/** Says why a command did not get to an outcome, and gives its exit code. */
export async function tellError(error: unknown, output: Output, telling: Telling): Promise<number> {
  const paint = await createPaint(output.terminal.stderr.level)
  const inGithub = telling.env.GITHUB_ACTIONS === 'true'
  const safe = (text: string) => (inGithub ? defused(text) : text)
  if (!(error instanceof Refusal)) {
    const about = { version: telling.version, node: process.version, tracker: null, log: null }
    output.stderr(safe(bugText(error, paint, { ...about, propose: telling.propose })))
    return 1
  }
  const code = telling.code ?? error.exitCode
  const refused = complete(error, telling.propose)
  output.stderr(safe(refusalText(refused, paint)))
  if (inGithub) output.stderr(`${errorCommand('clonedeploy', refused.message)}\n`)
  if (telling.json) output.stdout(`${JSON.stringify(refusalJson(telling.command, refused, code))}\n`)
  return code
}

function complete({ message, details, next }: Refusal, propose: Propose): Told {
  return { message: propose(message), details: details.map(propose), next: next.map(propose) }
}

type Told = Pick<Refusal, 'message' | 'details' | 'next'>

const transactions = new Set(['deploy', 'rollback', 'restart', 'repair', 'join'])

/** The command's JSON when it changed nothing; of commands that are no transaction, the error alone. */
function refusalJson(command: string, error: Told, exitCode: number) {
  const about = { v: 1, command, exitCode, reason: error.message, details: error.details, next: error.next }
  if (!transactions.has(command)) return about
  return {
    ...about,
    result: exitCode === 6 ? 'mixed' : 'aborted',
    release: null,
    previous: null,
    digest: null,
    seconds: 0,
    bytes: 0,
    swapWindowMs: null,
    hosts: [],
  }
}
