import type { AppAnswer } from '../../embedded/apps.js'

/** One version of the demo's app, and what must come of deploying it. */
export interface Step {
  readonly tells: string
  /** Text of the new version's page. */
  readonly message: string
  /** Settings by host, written before the deploy. */
  readonly settings?: Readonly<Record<string, string>>
  /** What must come of it, on every host: the page, and whether the release is another one than before. */
  readonly exitCode: number
  readonly says: string
  readonly release: 'changes' | 'stays'
  readonly proves: string
}

export const steps: readonly Step[] = [
  {
    tells: 'Version 1 goes to web-1, web-2 and web-3.',
    message: 'Hello from version 1',
    exitCode: 0,
    says: 'Hello from version 1',
    release: 'changes',
    proves: 'All three hosts serve version 1.',
  },
  {
    tells: 'The message is changed: version 2 takes its place on all three together.',
    message: 'Hello from version 2',
    exitCode: 0,
    says: 'Hello from version 2',
    release: 'changes',
    proves: 'All three hosts serve version 2.',
  },
  {
    tells: 'Version 3 needs a setting, CONTACT. web-1 and web-2 have it; on web-3 somebody forgot it.',
    message: 'Questions about version 3? Write to {CONTACT}',
    settings: { 'web-1': 'CONTACT=ann@example.com\n', 'web-2': 'CONTACT=ann@example.com\n' },
    exitCode: 5,
    says: 'Hello from version 2',
    release: 'stays',
    proves: 'The deploy failed (exit code 5) and left no host on version 3: all three serve version 2 as before.',
  },
]

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
