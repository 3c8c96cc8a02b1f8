import type { AppAnswer } from '../../embedded/app-answers.js'
import type { Step } from './demo-steps.js'

/** What did not come out as the step says, in sentences; empty when all did. */
export function judge(
  step: Step,
  exitCode: number,
  before: readonly AppAnswer[],
  answers: readonly AppAnswer[],
): readonly string[] {
  const wrong: string[] = []
  if (exitCode !== step.exitCode) wrong.push(`clonedeploy deploy: expected exit code ${step.exitCode}, got ${exitCode}`)
  if (answers.length !== 3) wrong.push(`expected three hosts, found ${answers.length}`)
  const release = answers[0]?.release ?? null
  for (const answer of answers) {
    const { host, status, says } = answer
    if (status !== 200 || says !== step.says) wrong.push(`${host}: expected 200 and "${step.says}"`)
    if (answer.release === null) wrong.push(`${host} does not say which release it serves`)
    else if (answer.release !== release) wrong.push(`${host} serves another release than ${answers[0]?.host}`)
  }
  if ((release !== before[0]?.release) !== (step.release === 'changes')) {
    wrong.push(step.release === 'changes' ? 'the release is the same as before' : 'the release is not the one before')
  }
  return wrong
}

/** What the apps answered, as text. */
export function table(answers: readonly AppAnswer[]): string {
  const rows = answers.map(({ host, status, says, release }) => [host, String(status ?? '-'), says, release ?? '-'])
  const all = [['HOST', 'HTTP', 'SAYS', 'RELEASE'], ...rows]
  const width = (column: number) => Math.max(...all.map(row => row[column]?.length ?? 0))
  return all
    .map(row => `  ${row.map((cell, i) => cell.padEnd(width(i))).join('  ')}`.trimEnd())
    .join('\n')
    .concat('\n')
}
