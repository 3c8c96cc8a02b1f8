import type { RunResult } from '../../connection/connection.js'
import type { RuntimeStep } from '../../plan/app/runtime.js'
import { codes } from '../../scripts/shell/codes.js'
import type { RuntimeAnswer } from '../../state/answers/runtime.js'
import { escapeLines } from '../../text/escape.js'
import { isLost } from '../health/answer.js'
import type { Session } from '../session.js'

/** Characters of a line that are kept. */
const longest = 200

/** What a host prints by commands that are to print the same everywhere; one that was not run to its end is left out. */
export async function readRuntime(session: Session, steps: readonly RuntimeStep[]): Promise<readonly RuntimeAnswer[]> {
  const answers = await Promise.all(
    steps.map(async ({ run, script, timeout }) => {
      const result = await session.run(script, { timeout: timeout + 10_000, most: 100_000 })
      const said = saidIn(result, timeout)
      return said === null ? [] : [{ run, ...said }]
    }),
  )
  return answers.flat()
}

/** Null: the host was lost. Java prints its version on stderr. */
function saidIn({ code, lost, stdout, stderr }: RunResult, timeout: number): Omit<RuntimeAnswer, 'run'> | null {
  if (isLost(lost)) return null
  const [first] = [...linesOf(stdout), ...linesOf(stderr)]
  if (code === 0) return { ok: true, says: first ?? 'nothing' }
  if (code !== codes.hook) return { ok: false, says: lost?.message ?? `exit code ${code}` }
  const exit = /exit (\d+)\s*$/.exec(stdout.toString('latin1'))?.[1]
  const why = linesOf(stderr)[0] ?? linesOf(stdout).slice(0, -1)[0]
  const how = exit === '124' ? `no end within ${timeout / 1000}s` : `exit code ${exit}`
  return { ok: false, says: why === undefined ? how : `${how}: ${why}` }
}

function linesOf(bytes: Buffer): readonly string[] {
  const lines = escapeLines(bytes.toString('utf8'), longest)
  return lines.map(line => line.trim()).filter(line => line !== '')
}
